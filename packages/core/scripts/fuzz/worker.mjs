// One target in a thread of its own: runs inputs, keeps those that reach new code, and says what went wrong. The input under way
// stands in memory that the main thread shares, for one that hangs or bursts cannot be asked any more.

import { parentPort, workerData } from 'node:worker_threads'

const { target: name, targetsUrl, loader, seed, milliseconds, runsMax, shared, found: known } = workerData

/** Bytes of all arrays that were made since `allocated` was set to 0, and of the largest of them. */
let allocated = 0
let largest = 0
const Plain = Uint8Array
class CountedBytes extends Plain {
  constructor(...given) {
    if (typeof given[0] === 'number') {
      allocated += given[0]
      largest = Math.max(largest, given[0])
      // Before it is made: a wish for 2 GB shall be told, not granted.
      if (given[0] > 67_108_864) throw new RangeError(`fuzz: ${given[0]} bytes at once`)
    }
    super(...given)
  }
}
if (workerData.counted) globalThis.Uint8Array = CountedBytes

const { Coverage } = await import('./coverage.mjs')
const { FuzzDice, mutate } = await import('./mutate.mjs')
const { targetsFrom } = await import(targetsUrl)
const { loadBuilt } = await import(loader)
const target = (await targetsFrom(loadBuilt)).find((one) => one.name === name)

const beat = new Int32Array(shared, 0, 2)
const current = new Plain(shared, 8)
const bytesMax = Math.min(current.length, target.bytesMax ?? 4_096)
const dice = new FuzzDice(seed)
const corpus = [...target.seeds, ...known.map((hex) => Plain.from(Buffer.from(hex, 'hex')))].map((input) => input.slice(0, bytesMax))
if (corpus.length === 0) corpus.push(new Plain(0))
const coverage = new Coverage((url) => target.covers.test(url))
let runs = 0

async function run(input) {
  current.set(input)
  beat[1] = input.length
  Atomics.add(beat, 0, 1)
  allocated = 0
  largest = 0
  try {
    const answer = target.run(input)
    if (answer instanceof Promise) await answer
  } catch (error) {
    tell(input, 'throw', error?.stack ?? String(error))
  }
  runs += 1
  const most = target.allocationMax?.(input) ?? 131_072 + 4 * input.length
  const all = target.allocationsMax?.(input) ?? 1_048_576 + 256 * input.length
  if (largest > most) tell(input, 'allocation', `${largest} bytes at once for an input of ${input.length}`)
  else if (allocated > all) tell(input, 'allocation', `${allocated} bytes in all for an input of ${input.length}`)
}

function tell(input, kind, detail) {
  parentPort.postMessage({ kind, detail, input: Buffer.from(input).toString('hex'), runs })
}

const kept = []
for (const input of corpus) {
  await run(input)
  if (coverage.takeOne() || kept.length === 0) kept.push(input)
}

/** Finds those of `batch` that reach something new, by halves: to look costs far more than to run. */
async function keepNew(batch) {
  for (const input of batch) await run(input)
  if (batch.length === 1) {
    if (coverage.takeOne()) kept.push(batch[0])
    return
  }
  if (coverage.takeMany().length === 0) return
  const middle = batch.length >> 1
  await keepNew(batch.slice(0, middle))
  await keepNew(batch.slice(middle))
}

const begun = performance.now()
const goesOn = () => runs < runsMax && performance.now() - begun < milliseconds
let batchRuns = target.batchRuns ?? 64
while (goesOn()) {
  const batch = []
  for (let made = 0; made < batchRuns && goesOn(); made += 1) {
    // The latest finds are the least worked on.
    const parent = dice.below(2) === 0 ? kept[kept.length - 1 - dice.below(Math.min(kept.length, 8))] : dice.pick(kept)
    batch.push(mutate(parent, dice, { others: kept, words: target.words ?? [], bytesMax }))
    await run(batch.at(-1))
  }
  const reached = coverage.takeMany()
  if (reached.length === 0) batchRuns = Math.min(1_024, batchRuns * 2)
  else {
    batchRuns = Math.max(16, batchRuns >> 1)
    await keepNew(batch)
    coverage.admit(reached)
  }
}
coverage.stop()
parentPort.postMessage({ kind: 'done', runs, corpus: kept.length, functions: coverage.size, took: performance.now() - begun })
