import { rtoFirstMs, rtoLeastMs, rtoMostMs } from './session-limits.ts'

/** What a moment more or less means on this clock. */
const granularityMs = 1
/** The least round trip is that of the last one to two periods: the path may have become longer without a word. */
const leastPeriodMs = 30_000
/** So much longer than the least, and at least as much again: packets wait in a queue on the way. */
const queueMsMax = 100

/** Round trip times and what follows from them (RFC 6298). */
export class RoundTrip {
  #smoothedMs: number | undefined
  #variationMs = 0
  #latestMs = 0
  #least = { before: Infinity, present: Infinity, endsAt: 0 }

  /** Undefined before the first measurement on this path. */
  get smoothedMs(): number | undefined {
    return this.#smoothedMs
  }

  measured(sampleMs: number, now: number): void {
    this.#latestMs = sampleMs
    const { present, endsAt } = this.#least
    if (now < endsAt) this.#least.present = Math.min(present, sampleMs)
    else this.#least = { before: present, present: sampleMs, endsAt: now + leastPeriodMs }
    if (this.#smoothedMs === undefined) {
      this.#smoothedMs = sampleMs
      this.#variationMs = sampleMs / 2
      return
    }
    this.#variationMs = 0.75 * this.#variationMs + 0.25 * Math.abs(this.#smoothedMs - sampleMs)
    this.#smoothedMs = 0.875 * this.#smoothedMs + 0.125 * sampleMs
  }

  /** Another path: what was measured on the old one says nothing. */
  reset(): void {
    this.#smoothedMs = undefined
    this.#least = { before: Infinity, present: Infinity, endsAt: 0 }
  }

  /** More on its way would only wait longer, and whatever is urgent behind it. */
  get isCrowded(): boolean {
    const leastMs = Math.min(this.#least.before, this.#least.present)
    return this.#smoothedMs !== undefined && this.#smoothedMs > leastMs + Math.max(queueMsMax, leastMs)
  }

  /** How long to wait for an acknowledgement that nothing else brings news of. */
  get timeoutMs(): number {
    if (this.#smoothedMs === undefined) return rtoFirstMs
    return Math.min(rtoMostMs, Math.max(rtoLeastMs, this.#smoothedMs + Math.max(granularityMs, 4 * this.#variationMs)))
  }

  /** A packet that is older than this when a later one is acknowledged is lost, not late. */
  get reorderMs(): number {
    return this.#smoothedMs === undefined ? rtoFirstMs : Math.max(granularityMs, 1.125 * Math.max(this.#smoothedMs, this.#latestMs))
  }
}
