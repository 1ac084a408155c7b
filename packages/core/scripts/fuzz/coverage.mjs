// Which parts of our own code have run, as V8 counts them. It tells of a function its parts with their counts, and leaves out a part that
// ran as often as what is around it: so what is followed here is the parts that have not run yet, and whether they become less.

import { Session } from 'node:inspector'

/** Ways through one function that are told apart; some have more than anybody could try. */
const waysMax = 48

export class Coverage {
  #session = new Session()
  #isOurs
  /** By function: the parts that no input has reached, as [start, end) in order. */
  #unreached = new Map()
  /** By function: which parts ran, and roughly how often. */
  #ways = new Map()

  /** `isOurs(url)`: scripts that count. */
  constructor(isOurs) {
    this.#isOurs = isOurs
    this.#session.connect()
    this.#post('Profiler.enable')
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Functions that have run. */
  get size() {
    return this.#unreached.size
  }

  /** What ran since the last time and was never reached before. Remembers nothing: `takeOne` about each input, or `admit`. */
  takeMany() {
    const reached = []
    this.#each((key, ranges) => {
      const known = this.#unreached.get(key)
      const left = stillUnreached(known, ranges)
      if (known === undefined || lengthOf(left) < lengthOf(known)) reached.push([key, ranges])
    })
    return reached
  }

  /** This is known from now on, whoever reached it: what hangs on a cache is not reached by the same input again. */
  admit(reached) {
    for (const [key, ranges] of reached) this.#unreached.set(key, stillUnreached(this.#unreached.get(key), ranges))
  }

  /** Whether the one input since the last time reached something, or went through a function in a way that none had before. */
  takeOne() {
    let found = false
    this.#each((key, ranges) => {
      const known = this.#unreached.get(key)
      const left = stillUnreached(known, ranges)
      this.#unreached.set(key, left)
      if (known === undefined || lengthOf(left) < lengthOf(known)) found = true
      const ways = this.#ways.get(key) ?? new Set()
      this.#ways.set(key, ways)
      const way = ranges.map(({ startOffset, count }) => `${startOffset}:${Math.min(4, Math.floor(Math.log2(count + 1)))}`).join(' ')
      if (ways.size >= waysMax || ways.has(way)) return
      ways.add(way)
      found = true
    })
    return found
  }

  stop() {
    this.#session.disconnect()
  }

  #each(ran) {
    for (const { scriptId, url, functions } of this.#post('Profiler.takePreciseCoverage').result) {
      if (!this.#isOurs(url)) continue
      for (const { ranges } of functions)
        if (ranges[0].count > 0) ran(`${scriptId} ${ranges[0].startOffset} ${ranges[0].endOffset}`, ranges)
    }
  }

  /** The inspector of one's own thread answers at once. */
  #post(method, parameters) {
    let answer
    this.#session.post(method, parameters, (error, result) => {
      if (error) throw error
      answer = result
    })
    return answer
  }
}

function stillUnreached(known, ranges) {
  const now = ranges.filter(({ count }) => count === 0).map(({ startOffset, endOffset }) => [startOffset, endOffset])
  if (known === undefined) return now
  const left = []
  for (const [start, end] of known) {
    for (const [from, to] of now) {
      const overlap = [Math.max(start, from), Math.min(end, to)]
      if (overlap[0] < overlap[1]) left.push(overlap)
    }
  }
  return left
}

function lengthOf(parts) {
  return parts.reduce((sum, [start, end]) => sum + end - start, 0)
}
