import type { Clock } from '../ports/clock.ts'
import { neighboursCountedMax } from './session-limits.ts'

const periodMs = 1_000

/** What may be caused through one neighbour: so many a second (SE14, SE16). Neighbours beyond a bound share one account. */
export class NeighbourRate {
  readonly #clock: Clock
  readonly #perSecondMax: number
  readonly #counts = new Map<string, number>()
  #periodEnds = 0

  constructor(clock: Clock, perSecondMax: number) {
    this.#clock = clock
    this.#perSecondMax = perSecondMax
  }

  /** True: one more may be, and is counted. */
  allows(neighbour: string): boolean {
    const now = this.#clock.now()
    if (now >= this.#periodEnds) {
      this.#counts.clear()
      this.#periodEnds = now + periodMs
    }
    const account = this.#counts.has(neighbour) || this.#counts.size < neighboursCountedMax ? neighbour : ''
    const count = this.#counts.get(account) ?? 0
    if (count >= this.#perSecondMax) return false
    this.#counts.set(account, count + 1)
    return true
  }
}
