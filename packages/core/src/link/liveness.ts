/** What a link should do about a silent neighbour. */
export type LivenessVerdict = 'alive' | 'probe' | 'dead'

/** A neighbour that says nothing for this long is asked whether it is there. */
export const idleProbeMs = 5_000
/** An unanswered probe of this age means a dead link: idle death is noticed within 12 s (5 + 6 + one tick). */
export const probeAnswerMs = 6_000
/** A busy link is asked this often too, so that its round trip stays known. */
export const roundTripEveryMs = 15_000

/**
 * Whether a neighbour is still there, judged from what was heard and asked and when. Time is an argument; it holds no
 * timer. A page whose timers are throttled to one a minute judges late but never wrongly: only an unanswered probe
 * counts, and answers arrive as events, not on timers. Who was asleep asks once more: the answer may stand in the queue
 * behind the very turn that judges.
 */
export class Liveness {
  #heardAt: number
  #probedAt: number | undefined
  #measuredAt = Number.NEGATIVE_INFINITY
  #roundTripMs: number | undefined
  #nonce = 0
  #judgedAt: number | undefined
  #askedTwice = false

  constructor(now: number) {
    this.#heardAt = now
  }

  /** Smoothed as TCP does it (RFC 6298: 1/8 of each new sample). */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs
  }

  heard(now: number): void {
    this.#heardAt = now
    this.#askedTwice = false
  }

  /** The nonce for a probe that leaves now. */
  probed(now: number): number {
    this.#probedAt = now
    this.#nonce = (this.#nonce + 1) >>> 0
    return this.#nonce
  }

  /** An answer came. False: to no probe under way (late, doubled or made up). */
  answered(nonce: number, now: number): boolean {
    if (this.#probedAt === undefined || nonce !== this.#nonce) return false
    const sample = now - this.#probedAt
    this.#roundTripMs = this.#roundTripMs === undefined ? sample : this.#roundTripMs + (sample - this.#roundTripMs) / 8
    this.#probedAt = undefined
    this.#measuredAt = now
    return true
  }

  verdict(now: number): LivenessVerdict {
    const asked = this.#probedAt
    const slept = this.#judgedAt !== undefined && now - this.#judgedAt > probeAnswerMs
    this.#judgedAt = now
    if (asked !== undefined && this.#heardAt <= asked) {
      if (now - asked < probeAnswerMs) return 'alive'
      if (!slept || this.#askedTwice) return 'dead'
      this.#askedTwice = true
      return 'probe'
    }
    if (now - this.#heardAt >= idleProbeMs) return 'probe'
    return asked === undefined && now - this.#measuredAt >= roundTripEveryMs ? 'probe' : 'alive'
  }
}
