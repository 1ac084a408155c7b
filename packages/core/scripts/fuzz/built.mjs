// The build, as targets see it. Tests give them the sources instead.

/** `core/wire/kiss`, `server/tokens`: one module. */
export function loadBuilt(module) {
  const [room, ...path] = module.split('/')
  return import(new URL(`../../../${room}/dist/${path.join('/')}.js`, import.meta.url).href)
}
