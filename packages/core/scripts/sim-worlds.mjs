// The kinds of simulated worlds by name, out of a given build: the one beside this file, or a copy in which something was
// switched off.

import { pathToFileURL } from 'node:url'

export const worlds = ['faults', 'routing', 'mesh', 'edge', 'calm-edge', 'letters', 'calls', 'broadcasts']
export const builtHere = new URL('../dist/', import.meta.url)

/** Topologies of faults by the names that --topology takes. */
export const topologies = ['line', 'ring', 'grid', 'star', 'full', 'cliques', 'random']
const topologyNodes = 20

/** One seed of one world: `{ outcome }`, or `{ failure, history }` when a promise was broken. Other errors are thrown. */
export async function runOne(build, { world, seed, nodes, topology, kinds, slackMs, without = [], recorded = false }) {
  const testing = await testingOf(build)
  try {
    if (world === 'faults')
      return {
        history: [],
        outcome: testing.runFaultScenario(seed, {
          ...shaped(testing, { seed, nodes, topology, kinds }),
          slackMs,
          without: new Set(without),
          recorded,
        }),
      }
    if (world === 'routing') return { history: [], outcome: testing.runRoutingScenario(seed) }
    if (world === 'edge') return { history: [], outcome: testing.runPlainEdgeScenario(seed) }
    if (world === 'calm-edge') return { history: [], outcome: testing.runPlainEdgeScenario(seed, { faults: 0 }) }
    if (world === 'broadcasts') return { history: [], outcome: testing.runBroadcastScenario(seed, { nodes, recorded }) }
    if (world === 'letters')
      return { history: [], outcome: await testing.runLettersScenario(seed, { settle: () => new Promise(setImmediate) }) }
    if (world === 'calls')
      return { history: [], outcome: await testing.runCallsScenario(seed, { settle: () => new Promise(setImmediate) }) }
    return { history: [], outcome: await testing.runMeshScenario(seed, { settle: () => new Promise(setImmediate) }) }
  } catch (error) {
    if (error instanceof testing.ScenarioFailure) return { failure: error.message, history: error.history }
    throw error
  }
}

/** As few faults as still make a seed of the faults fail. */
export async function shrink(build, { world, seed, ...shape }) {
  if (world !== 'faults') return undefined
  const testing = await testingOf(build)
  const shrunk = testing.shrinkFaults(seed, shaped(testing, { seed, ...shape }))
  return shrunk && { without: [...shrunk.without].toSorted((a, b) => a - b), failure: shrunk.failure.message }
}

/** What a world of faults looks like where the seed does not say. */
function shaped(testing, { seed, nodes, topology, kinds }) {
  if (topology === undefined) return { nodes, kinds }
  const count = nodes ?? topologyNodes
  if (topology === 'star') return { kinds, topology: testing.starOfRelays(count, 1) }
  if (topology === 'random') return { kinds, topology: testing.randomRegular(count, 4, new testing.SeededDice(seed)) }
  return { kinds, topology: testing[topology](count) }
}

/** The kinds of faults, for --kinds. */
export async function faultKinds() {
  return (await testingOf(builtHere)).worldFaultKinds
}

function testingOf(build) {
  return import(new URL('testing/index.js', build instanceof URL ? build : pathToFileURL(build)).href)
}
