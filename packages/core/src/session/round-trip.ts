import { rtoFirstMs, rtoLeastMs, rtoMostMs } from './session-limits.ts'

/** What a moment more or less means on this clock. */
const granularityMs = 1

/** Round trip times and what follows from them (RFC 6298). */
export class RoundTrip {
  #smoothedMs: number | undefined
  #variationMs = 0
  #latestMs = 0

  /** Undefined before the first measurement on this path. */
  get smoothedMs(): number | undefined {
    return this.#smoothedMs
  }

  measured(sampleMs: number): void {
    this.#latestMs = sampleMs
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
