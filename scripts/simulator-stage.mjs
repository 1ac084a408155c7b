// The promises of the simulator, as a stage of `npm test`: one seed is one history, another seed is another one; in thousands
// of worlds no invariant breaks, whatever is done to them, and everybody finds everybody again; and all of that would be
// noticed, for without its protections the router fails in them.
import { join } from 'node:path'
import { run } from './workspace.mjs'

/** Half of them have 8 nodes, half 20, and each 25 faults. */
const faultSeeds = 5_000
/** Of meshes with their apps. */
const meshSeeds = 200
/** Of members that write to each other. */
const letterSeeds = 60
/** Of members that call each other. */
const callSeeds = 30

/** Of what is said to all while the network falls apart. */
const broadcastSeeds = 30

export async function simulator() {
  return (
    (await replays()) &&
    (await passes(['--seeds', `${faultSeeds}`])) &&
    (await passes(['--seeds', `${meshSeeds}`, '--world', 'both'])) &&
    (await passes(['--seeds', `${letterSeeds}`, '--world', 'letters'])) &&
    (await passes(['--seeds', `${callSeeds}`, '--world', 'calls'])) &&
    (await passes(['--seeds', `${broadcastSeeds}`, '--world', 'broadcasts'])) &&
    passes(['--controls'])
  )
}

/**
 * What the stage `types` has built is run as it is: to ask npm and tsc once more for each world takes longer than some worlds.
 * Each processor has a worker: an engine that spreads its own work over further threads only takes turns with them.
 */
function sim(args, options) {
  return run(process.execPath, ['--single-threaded', join('packages', 'core', 'scripts', 'sim.mjs'), ...args], options)
}

async function passes(args) {
  return (await sim(args)).code === 0
}

async function replays() {
  const seeds = ['7', '7', '8']
  const runs = await Promise.all(seeds.map((seed) => sim(['--seed', seed, '--digest', '--world', 'all'], { quiet: true })))
  for (const [index, { output }] of runs.entries()) console.log(`seed ${seeds[index]}: ${output.trim()}`)
  if (runs.some(({ code }) => code !== 0)) return false
  const digests = runs.map(({ output }) => output.trim().split('\n').at(-1))
  if (digests[0] !== digests[1]) console.error('Seed 7 gave two histories.')
  if (digests[0] === digests[2]) console.error('Seeds 7 and 8 gave the same history.')
  return digests[0] === digests[1] && digests[0] !== digests[2]
}
