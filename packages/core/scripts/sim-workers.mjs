// Seeds spread over worker threads, a few at a time. Each seed is a world of its own, so it does not matter who runs it; the
// failure that is told is the one of the smallest seed.

import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { builtHere } from './sim-worlds.mjs'

/** Few, so that no worker has much left when the others are done. */
const seedsAtATime = 3
/** Room for what a whole world leaves behind: by the time that it is collected, little of it is in use. */
const resourceLimits = { maxYoungGenerationSizeMb: 96 }

/** `shape`: of worlds of faults, `{ nodes, topology, kinds }`. Answers `{ totals, failure }`; `failure` is `{ seed, failure, without }` of the first seed that broke a promise. Stops soon after one. */
export async function runSeeds({
  build = builtHere.href,
  world,
  from,
  count,
  shape,
  slackMs,
  workers = availableParallelism(),
  shrinks = true,
}) {
  const totals = { deliveries: 0, routeChanges: 0, faults: 0 }
  const failures = []
  let next = from
  const runners = Array.from({ length: Math.max(1, Math.min(workers, Math.ceil(count / seedsAtATime))) }, () => {
    const worker = new Worker(new URL('./sim-worker.mjs', import.meta.url), {
      workerData: { build, world, shape, slackMs, shrinks },
      resourceLimits,
    })
    return new Promise((resolve, reject) => {
      const feed = () => {
        if (next >= from + count || failures.length > 0) return worker.postMessage({ over: true })
        const first = next
        next = Math.min(from + count, next + seedsAtATime)
        worker.postMessage({ first, end: next })
      }
      worker.on('message', ({ sums, failure }) => {
        for (const [what, number] of Object.entries(sums)) totals[what] = (totals[what] ?? 0) + number
        if (failure !== undefined) failures.push(failure)
        feed()
      })
      worker.on('error', reject)
      worker.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a worker of the simulator ended with ${code}`))))
      feed()
    })
  })
  await Promise.all(runners)
  failures.sort((one, other) => one.seed - other.seed)
  return { totals, failure: failures[0] ?? darkPairs(totals, from) }
}

/** What Node.js routers believe of links that broke, no neighbour can take from them; it is rare. */
function darkPairs({ pairsOk = 0, pairsDark = 0 }, seed) {
  return pairsDark > 0.001 * pairsOk ? { seed, failure: `${pairsDark} of ${pairsOk + pairsDark} pairs of all seeds are dark` } : undefined
}
