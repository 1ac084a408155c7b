// Runs the seeds that it is handed, in a build that it is told, and sums up what happened.

import { parentPort, workerData } from 'node:worker_threads'
import { runOne, shrink } from './sim-worlds.mjs'

// Many dials fail in there on purpose; nobody looks at where their errors came from.
Error.stackTraceLimit = 0

const { world, shape, slackMs, shrinks } = workerData
const build = new URL(workerData.build)
const summed = [
  'deliveries',
  'routeChanges',
  'faults',
  'packetsSent',
  'packetsArrived',
  'calls',
  'answers',
  'checks',
  'pairsOk',
  'pairsDark',
  'delivered',
  'stored',
  'partitions',
  'said',
  'heard',
]

parentPort.on('message', async ({ first, end, over }) => {
  if (over) return parentPort.close()
  const sums = {}
  let failure
  for (let seed = first; seed < end && failure === undefined; seed += 1) {
    const result = await runOne(build, { world, seed, ...shape, slackMs })
    if (result.failure !== undefined)
      failure = { seed, failure: result.failure, ...(shrinks && (await shrink(build, { world, seed, ...shape }))) }
    else for (const what of summed) if (what in result.outcome) sums[what] = (sums[what] ?? 0) + result.outcome[what]
    // What the world left to do is forgotten with it.
    await new Promise(setImmediate)
  }
  parentPort.postMessage({ sums, failure })
})
