import { RecentMap } from '../bytes/recent-map.ts'
import { RangeSet } from '../bytes/range-set.ts'
import type { BroadcastLife, BroadcastRows, CounterRange } from '../wire/gossip-control.ts'
import { lifeKey } from './broadcast-key.ts'
import { historiesMax, historyPiecesMax } from './gossip-limits.ts'

/** Which broadcasts of one life of one origin were had: all up to a number, and some above it. */
export class History {
  /** When something of it came last. */
  heardAt = 0
  /** The first that was not delivered to the app; what comes below it is late. */
  next = 1
  #base = 0
  readonly #above = new RangeSet()
  /** What of those up to the base was never had. */
  readonly #lost = new RangeSet()

  /** All up to this one were had, or cannot be had any more. */
  get base(): number {
    return this.#base
  }

  has(counter: number): boolean {
    return counter <= this.#base || this.#above.has(counter)
  }

  add(counter: number): void {
    if (this.has(counter)) return
    this.#above.add(counter, counter + 1)
    if (this.#above.count > historyPiecesMax) this.skipTo(this.#above.first!.start - 1)
    else this.#settle()
  }

  /** Those up to `counter` cannot be had any more. */
  skipTo(counter: number): void {
    if (counter <= this.#base) return
    for (const { start, end } of this.missing([{ start: this.#base + 1, end: counter + 1 }])) this.#lost.add(start, end)
    this.#lost.keepHighest(historyPiecesMax)
    this.#base = counter
    this.#settle()
  }

  /** What of these was not had. */
  missing(ranges: readonly CounterRange[]): CounterRange[] {
    const missing = new RangeSet()
    for (const { start, end } of ranges) missing.add(Math.max(start, this.#base + 1), end)
    for (const { start, end } of this.#above.ranges()) missing.remove(start, end)
    return [...missing.ranges()]
  }

  /** What of it was delivered: all that was had below `next`. */
  get delivered(): CounterRange[] {
    const had = new RangeSet()
    had.add(1, this.#base + 1)
    for (const { start, end } of this.#lost.ranges()) had.remove(start, end)
    for (const { start, end } of this.#above.ranges()) had.add(start, end)
    had.remove(this.next, 2 ** 32)
    return [...had.ranges()]
  }

  /** As it was when these had been delivered. */
  restore(delivered: readonly CounterRange[]): void {
    const latest = delivered.slice(-historyPiecesMax)
    for (const { start, end } of latest) {
      this.#above.add(Math.max(start, this.#base + 1), end)
      this.next = end
    }
    if (latest.length < delivered.length) this.skipTo(latest[0]!.start - 1)
    this.#settle()
  }

  /** What is missing below something that was had. */
  gaps(): CounterRange[] {
    const { last } = this.#above
    return last ? this.missing([{ start: this.#base + 1, end: last.end }]) : []
  }

  #settle(): void {
    for (let first = this.#above.first; first !== undefined && first.start <= this.#base + 1; first = this.#above.first) {
      this.#base = Math.max(this.#base, first.end - 1)
      this.#above.remove(first.start, first.end)
    }
  }
}

/** The histories of all lives that were heard of; above the bound the one that was silent longest is forgotten. */
export class Histories {
  readonly #histories = new RecentMap<string, History>(historiesMax)

  get size(): number {
    return this.#histories.size
  }

  get(life: BroadcastLife): History | undefined {
    return this.#histories.get(lifeKey(life))
  }

  /** What of the lives that were heard of since `since` was delivered, the latest of them; fleeting ones never come again. */
  deliveredSince(since: number, max: number): BroadcastRows[] {
    const rows: BroadcastRows[] = []
    for (const [key, history] of [...this.#histories].slice(-max)) {
      const [origin = '', epoch = '', fleeting] = key.split(' ')
      if (fleeting === undefined && history.heardAt >= since)
        rows.push({ origin, epoch: Number(epoch), fleeting: false, ranges: history.delivered })
    }
    return rows
  }

  /** Of a life from which something was proven. */
  heard(life: BroadcastLife, now: number): History {
    const key = lifeKey(life)
    const history = this.#histories.get(key) ?? new History()
    this.#histories.set(key, history)
    history.heardAt = now
    return history
  }
}
