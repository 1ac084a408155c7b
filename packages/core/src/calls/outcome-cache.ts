import type { Clock } from '../ports/clock.ts'

export const outcomeKeptMs = 300_000
/** Outcomes that one node keeps, and their bytes together; beyond, the oldest goes. */
export const outcomesMax = 1_024
export const outcomeBytesMax = 8_388_608

interface Outcome {
  readonly body: Uint8Array
  readonly until: number
}

/** What requests with a key came to, so that one that is asked again is answered and not executed again. */
export class OutcomeCache {
  readonly #clock: Clock
  readonly #outcomes = new Map<string, Outcome>()
  #bytes = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get(key: string): Uint8Array | undefined {
    const outcome = this.#outcomes.get(key)
    if (!outcome) return undefined
    if (outcome.until > this.#clock.now()) return outcome.body
    this.#forget(key, outcome)
    return undefined
  }

  /** One that is too large for the cache is not kept. */
  set(key: string, body: Uint8Array): void {
    const before = this.#outcomes.get(key)
    if (before) this.#forget(key, before)
    if (body.length > outcomeBytesMax) return
    this.#outcomes.set(key, { body, until: this.#clock.now() + outcomeKeptMs })
    this.#bytes += body.length
    for (const [oldest, outcome] of this.#outcomes) {
      if (this.#outcomes.size <= outcomesMax && this.#bytes <= outcomeBytesMax) return
      this.#forget(oldest, outcome)
    }
  }

  #forget(key: string, { body }: Outcome): void {
    this.#outcomes.delete(key)
    this.#bytes -= body.length
  }
}
