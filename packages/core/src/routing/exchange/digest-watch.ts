import type { Digest } from '../../wire/control.ts'

/** Differences in a row after which everything is asked for again: one may be a route that was just refused. */
const mismatchesMax = 2
/** The pause after a dump that did not help; it doubles up to the other. A neighbour that lies must not cost a dump every time. */
const pauseStartMs = 5_000
const pauseMaxMs = 600_000

/** Compares what one neighbour says that it told with what was heard of it, and says when to ask for a full dump (R10). */
export class DigestWatch {
  #mismatches = 0
  #pauseMs = pauseStartMs
  #notBefore = Number.NEGATIVE_INFINITY

  /** True: ask now. */
  compare(told: Digest, heard: Digest, now: number): boolean {
    if (told.hash === heard.hash && told.count === heard.count) {
      this.#mismatches = 0
      this.#pauseMs = pauseStartMs
      return false
    }
    this.#mismatches++
    if (this.#mismatches < mismatchesMax || now < this.#notBefore) return false
    this.#mismatches = 0
    this.#notBefore = now + this.#pauseMs
    this.#pauseMs = Math.min(this.#pauseMs * 2, pauseMaxMs)
    return true
  }
}
