// Runs simulated worlds on all cores.
//
//   sim --seeds 1000 --from 1      many seeds; the first one that breaks a promise is shrunk, told and repeated by one command
//   sim --seed 7                   one seed, with what it drew; --history shows all that happened, --without 3,5 leaves faults out
//   sim --seed 7 --digest          one hash of everything that happened, the same each time
//   sim --topology cliques --nodes 30 --kinds cut,vanish      faults on a topology, and of kinds, of one's own choice
//   sim --controls                 each protection switched off in a copy of the build: the simulator must notice (--only L2: one)
//
// Worlds: faults (routers, faults of every kind, all invariants), routing and mesh (the scenarios of apps; together: both), edge
// (plain routers around a mesh; calm-edge: without faults), letters (members that write to each other: none lost, none twice),
// calls (members that call each other: each settles in time, none is executed twice),
// broadcasts (what is said to all, through partitions: none lost, none twice, each origin's in order).

import { parseArgs } from 'node:util'
import { runControls } from './sim-controls.mjs'
import { runSeeds } from './sim-workers.mjs'
import { builtHere, faultKinds, runOne, topologies, worlds } from './sim-worlds.mjs'

const options = {
  seed: { type: 'string' },
  seeds: { type: 'string', default: '200' },
  from: { type: 'string', default: '1' },
  world: { type: 'string', default: 'faults' },
  nodes: { type: 'string' },
  topology: { type: 'string' },
  kinds: { type: 'string' },
  without: { type: 'string', default: '' },
  workers: { type: 'string' },
  digest: { type: 'boolean', default: false },
  history: { type: 'boolean', default: false },
  controls: { type: 'boolean', default: false },
  only: { type: 'string', default: '' },
}
const values = readOptions()
const chosen = { all: worlds, both: ['routing', 'mesh'] }[values.world] ?? [values.world]
for (const world of chosen) if (!worlds.includes(world)) usage(`--world is ${worlds.join(', ')}, both or all, not '${world}'`)
const nodes = values.nodes === undefined ? undefined : wholeNumber('nodes', values.nodes)
const shape = { nodes, topology: values.topology, kinds: values.kinds?.split(',') }
await checkShape(shape)
const without = values.without === '' ? [] : values.without.split(',').map((place) => wholeNumber('without', place))
const workers = values.workers === undefined ? undefined : wholeNumber('workers', values.workers)

let running = ''
process.on('unhandledRejection', (error) => fail(`${running}: a rejection that nobody handled: ${error?.stack ?? error}`))

if (values.controls) process.exitCode = (await runControls({ workers, only: values.only })) ? 0 : 1
else if (values.seed !== undefined) await replay(wholeNumber('seed', values.seed))
else await many(wholeNumber('from', values.from), wholeNumber('seeds', values.seeds))

async function many(from, count) {
  const startedAt = performance.now()
  const seconds = () => ((performance.now() - startedAt) / 1_000).toFixed(1)
  for (const world of chosen) {
    const { totals, failure } = await runSeeds({ world, from, count, shape, workers })
    if (failure !== undefined) fail(failed(world, failure))
    const counted = Object.entries(totals).map(([what, number]) => `${what} ${number}`)
    console.log(`${world}: seeds ${count} from ${from}, ${counted.join(', ')}; nothing broke; ${seconds()} s`)
    if (totals.deliveries === 0 || totals.routeChanges === 0)
      fail('nothing was delivered or no route ever changed: these runs prove nothing')
  }
}

async function replay(seed) {
  const digests = []
  for (const world of chosen) {
    running = `${world}: seed ${seed}`
    const result = await runOne(builtHere, { world, seed, ...shape, without, recorded: true })
    if (values.history || result.failure !== undefined)
      for (const line of result.history.slice(values.history ? 0 : -40)) console.error(line)
    if (result.failure !== undefined) fail(failed(world, { seed, ...result }))
    if (!values.digest) console.log(`${running}: ${JSON.stringify(result.outcome)}`)
    digests.push(result.outcome.digest)
  }
  if (values.digest) console.log(digests.join(''))
}

/** What broke, and how to see it again. */
function failed(world, { seed, failure, without: left = without }) {
  const { topology, kinds } = shape
  const given = { nodes, topology, kinds: kinds && `'${kinds}'`, without: left.length > 0 ? left : undefined }
  const more = Object.entries(given)
    .map(([option, value]) => (value === undefined ? '' : ` --${option} ${value}`))
    .join('')
  return `${world}: ${failure}\nto see it again: pnpm sim --world ${world} --seed ${seed}${more} --history`
}

async function checkShape({ topology, kinds = [] }) {
  if ((topology !== undefined || values.kinds !== undefined) && chosen.join() !== 'faults')
    usage('--topology and --kinds are of --world faults')
  if (topology !== undefined && !topologies.includes(topology)) usage(`--topology is ${topologies.join(', ')}, not '${topology}'`)
  const known = await faultKinds()
  for (const kind of kinds) if (!known.includes(kind)) usage(`--kinds are some of ${known.join(', ')}, not '${kind}'`)
}

function readOptions() {
  try {
    return parseArgs({ options }).values
  } catch (error) {
    return usage(error.message)
  }
}

function wholeNumber(option, text) {
  if (!/^\d{1,15}$/.test(text)) usage(`--${option} takes a whole number, not '${text}'`)
  return Number(text)
}

function usage(message) {
  console.error(
    `${message}\nsim [--seed N [--digest] [--history] [--without N,N…] | --seeds COUNT --from N | --controls [--only NAME]] [--world ${worlds.join('|')}|both|all] [--nodes N] [--topology NAME] [--kinds KIND,KIND…] [--workers N]`,
  )
  process.exit(2)
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
