import type { Clock } from '../ports/clock.ts'

const periodMs = 1_000
/** Names that are counted apart: as many as a relay has neighbours. The others share one account. */
const accountsMax = 10_000

/** What may be done for, or because of, each of many: so many a second. */
export class RateOfEach {
  readonly #clock: Clock
  readonly #perSecondMax: number
  readonly #counts = new Map<string, number>()
  #periodEnds = 0

  constructor(clock: Clock, perSecondMax: number) {
    this.#clock = clock
    this.#perSecondMax = perSecondMax
  }

  /** True: one more may be, and is counted. */
  allows(name: string): boolean {
    const now = this.#clock.now()
    if (now >= this.#periodEnds) {
      this.#counts.clear()
      this.#periodEnds = now + periodMs
    }
    const account = this.#counts.has(name) || this.#counts.size < accountsMax ? name : ''
    const count = this.#counts.get(account) ?? 0
    if (count >= this.#perSecondMax) return false
    this.#counts.set(account, count + 1)
    return true
  }
}
