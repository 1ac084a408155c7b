import type { Clock } from '../ports/clock.ts'
import { noticeNeighboursMax, noticesPerSecondMax } from './session-limits.ts'

const periodMs = 1_000

/** How many notices may be caused through one neighbour: so many a second (SE14). */
export class NoticeLimit {
  readonly #clock: Clock
  readonly #counts = new Map<string, number>()
  #periodEnds = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** True: one more may be sent, and is counted. */
  allows(neighbour: string): boolean {
    const now = this.#clock.now()
    if (now >= this.#periodEnds) {
      this.#counts.clear()
      this.#periodEnds = now + periodMs
    }
    const account = this.#counts.has(neighbour) || this.#counts.size < noticeNeighboursMax ? neighbour : ''
    const count = this.#counts.get(account) ?? 0
    if (count >= noticesPerSecondMax) return false
    this.#counts.set(account, count + 1)
    return true
  }
}
