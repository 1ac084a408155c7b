// Would the simulator notice? For each protection of the router a copy of the build is made in which it is switched off, by
// replacing one piece of text that must stand there exactly once. A bounded number of seeds on that copy must fail. A copy that
// passes, or a piece of text that is not found, fails the control: either the simulator is blind or the control is.

import { cp, mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { controls } from './sim-control-list.mjs'
import { runSeeds } from './sim-workers.mjs'
import { builtHere } from './sim-worlds.mjs'

/** Inside node_modules, where the copy finds what the build imports and no tool looks. */
const shelf = fileURLToPath(new URL('../node_modules/.sim-controls/', import.meta.url))
const seedsMax = 300

/** True when every control fails as it must. */
export async function runControls({ workers, only = '' } = {}) {
  let sound = true
  for (const control of controls) {
    if (!control.name.startsWith(only)) continue
    const startedAt = performance.now()
    const wrong = await wrongWith(control, workers)
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
    console.log(`${wrong.mistake === undefined ? '✓' : '✗'} without ${control.name}: ${wrong.mistake ?? wrong.noticed} (${seconds} s)`)
    sound &&= wrong.mistake === undefined
  }
  return sound
}

async function wrongWith(control, workers) {
  const { name, replace, world = 'faults', given = [], seeds = seedsMax, slackMs } = control
  try {
    if (given.length > 0) {
      // A trouble that the protection is there for; with it alone nothing may break.
      const { failure } = await onCopy(name, given, { count: Math.ceil(seeds / 4), world, slackMs, workers })
      if (failure !== undefined) return { mistake: `fails already before it is switched off: ${failure.failure}` }
    }
    const { failure } = await onCopy(name, [...given, ...replace], { count: seeds, world, slackMs, workers })
    if (failure === undefined) return { mistake: `${seeds} seeds passed: nobody noticed` }
    return {
      noticed: `seed ${failure.seed} fails: ${failure.failure.replace(/^seed \d+ at \d+ ms: .*?: (?=I\d|no |at rest|nothing)/, '').slice(0, 140)}`,
    }
  } catch (error) {
    return { mistake: error.message }
  }
}

async function onCopy(name, replacements, { world, count, slackMs, workers }) {
  await mkdir(shelf, { recursive: true })
  const copy = await mkdtemp(join(shelf, `${name.replaceAll(/\W+/g, '-')}-`))
  try {
    await cp(fileURLToPath(builtHere), copy, { recursive: true, filter: (path) => !/\.(?:map|d\.ts|tsbuildinfo)$/.test(path) })
    for (const replacement of replacements) await replaceOnce(copy, replacement)
    const build = `${pathToFileURL(copy).href}/`
    return await runSeeds({ build, world, from: 1, count, slackMs, workers, shrinks: false })
  } finally {
    await rm(copy, { recursive: true, force: true })
  }
}

async function replaceOnce(copy, { file, text, by }) {
  const path = join(copy, file)
  const source = await readFile(path, 'utf8')
  const parts = source.split(text)
  if (parts.length !== 2) throw new Error(`'${text}' stands ${parts.length - 1} times in ${file}, not once: the control is out of date`)
  await writeFile(path, parts.join(by))
}
