// Runs simulated worlds: `sim --seed 7 --digest` prints one hash of everything that happened, the same each time;
// `sim --seeds 1000 --from 1` runs many and names the first seed that breaks a promise.

import { parseArgs } from 'node:util'
import { runMeshScenario, runPlainEdgeScenario, runRoutingScenario, ScenarioFailure } from '../dist/testing/index.js'

const options = {
  seed: { type: 'string' },
  seeds: { type: 'string', default: '200' },
  from: { type: 'string', default: '1' },
  world: { type: 'string', default: 'both' },
  digest: { type: 'boolean', default: false },
  history: { type: 'boolean', default: false },
}
const values = readOptions()

const worlds = {
  routing: runRoutingScenario,
  mesh: (seed) => runMeshScenario(seed, { settle: () => new Promise(setImmediate) }),
  edge: runPlainEdgeScenario,
}
const chosen = values.world === 'both' ? ['routing', 'mesh'] : [values.world]
const from = wholeNumber('seed', values.seed ?? values.from)
const count = values.seed === undefined ? wholeNumber('seeds', values.seeds) : 1
for (const world of chosen) if (!(world in worlds)) usage(`--world is routing, mesh, both or edge, not '${world}'`)

const totals = { seeds: 0, deliveries: 0, routeChanges: 0, faults: 0, calls: 0, answers: 0, ...(chosen.includes('edge') ? { pairsOk: 0, pairsDark: 0 } : {}) }
const digests = []
let running = ''
process.on('unhandledRejection', (error) => fail(`${running}: a rejection that nobody handled: ${error?.stack ?? error}`))
const startedAt = performance.now()
for (let seed = from; seed < from + count; seed += 1) {
  for (const world of chosen) digests.push(await runOne(world, seed))
  totals.seeds += 1
}

if (values.digest) console.log(digests.join(''))
else {
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
  console.log(
    `${Object.entries(totals)
      .map(([what, number]) => `${what} ${number}`)
      .join(', ')}: ${chosen.includes('edge') ? 'no storm, nobody seen who is gone' : 'all members found each other'}; ${seconds} s`,
  )
}
// What Node.js routers believe of links that broke, no neighbour can take from them.
if (totals.pairsDark > 0.001 * totals.pairsOk) fail(`${totals.pairsDark} of ${totals.pairsOk + totals.pairsDark} pairs are dark`)
if (totals.deliveries === 0 || totals.routeChanges === 0) fail('nothing was delivered or no route ever changed: these runs prove nothing')

async function runOne(world, seed) {
  running = `${world}: seed ${seed}`
  try {
    const outcome = await worlds[world](seed)
    for (const what of Object.keys(totals)) totals[what] += outcome[what] ?? 0
    return outcome.digest
  } catch (error) {
    if (error instanceof ScenarioFailure && values.history) for (const line of error.history) console.error(line)
    const what = error instanceof ScenarioFailure ? error.message : `seed ${seed}: ${error.stack}`
    return fail(`${world}: ${what}\nto see it again: pnpm sim --world ${world} --seed ${seed} --history`)
  }
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
  console.error(`${message}\nsim [--seed N [--digest] | --seeds COUNT --from N] [--world routing|mesh|both|edge] [--history]`)
  process.exit(2)
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
