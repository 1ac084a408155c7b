/** An object of which every name is a function that calls `call`. Names that JavaScript itself asks objects for are undefined. */
export function functionProxy(call: (name: string, args: readonly unknown[]) => Promise<unknown>): object {
  const refuse = (): boolean => false
  return new Proxy(Object.freeze(Object.create(null) as object), {
    get: (_, name) => (typeof name === 'symbol' || isReservedName(name) ? undefined : (...args: unknown[]) => call(name, args)),
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
    setPrototypeOf: refuse,
  })
}

/** `then` makes a promise of an object, `toJSON` its JSON, `constructor` and the like are asked by everything that looks at one. */
export function isReservedName(name: string): boolean {
  return name === 'then' || name === 'toJSON' || name === 'prototype' || name in Object.prototype
}
