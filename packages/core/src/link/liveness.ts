/** What a link should do about a silent neighbour. */
export type LivenessVerdict = 'alive' | 'probe' | 'dead'

/** A neighbour that says nothing for this long is asked whether it is there. */
export const idleProbeMs = 5_000
/** An unanswered probe of this age means a dead link: idle death is noticed within 12 s (5 + 6 + one look). */
export const probeAnswerMs = 6_000
/** Something was sent and nothing was heard since: asked after this time … */
export const trafficProbeMs = 750
/** … and dead this long after it was sent, when looked at four times a second: noticed within 3 s. */
export const trafficDeadMs = 2_750
/** A probe gets at least this long, and four round trips of a long line. */
const trafficAnswerMs = 1_500
/** A busy link is asked this often too, so that its round trip stays known. */
export const roundTripEveryMs = 15_000
/** The longest that two sides may agree to leave each other alone: a relay with thousands of idle members asks each of them seldom. */
export const idlePaceMaxMs = 60_000
/** Who looks once a second and finds that so much time has passed was asleep. */
export const sleptMs = 2_500

/**
 * Whether a neighbour is still there, judged from what was heard, sent and asked and when. Time is an argument; it holds no
 * timer. A page whose timers are throttled to one a minute judges late but never wrongly: only an unanswered probe
 * counts, and answers arrive as events, not on timers. Who was asleep asks once more: the answer may stand in the queue
 * behind the very turn that judges.
 */
export class Liveness {
  #heardAt: number
  /** When the first thing left that nothing was heard after. */
  #sentAt: number | undefined
  #probedAt: number | undefined
  #measuredAt = Number.NEGATIVE_INFINITY
  #roundTripMs: number | undefined
  #loss = 0
  #nonce = 0
  #judgedAt: number | undefined
  #askedTwice = false
  #idleMs = idleProbeMs

  /** `roundTripMs`: as the handshake measured it. */
  constructor(now: number, roundTripMs?: number) {
    this.#heardAt = now
    this.#roundTripMs = roundTripMs
  }

  /** Smoothed as TCP does it (RFC 6298: 1/8 of each new sample). */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs
  }

  /** Of probes that came to nothing on a link that lives: 0 … 1, smoothed likewise. */
  get loss(): number {
    return this.#loss
  }

  /** Something was sent that nothing was heard after: to be looked at four times a second. */
  get waits(): boolean {
    return this.#sentAt !== undefined
  }

  /** A neighbour that says nothing is asked after this, and its round trip three times as seldom. Within its bounds. */
  setPace(idleMs: number): void {
    this.#idleMs = Math.min(idlePaceMaxMs, Math.max(idleProbeMs, idleMs))
  }

  heard(now: number): void {
    this.#heardAt = now
    this.#sentAt = undefined
    this.#askedTwice = false
  }

  /** Something left that the neighbour should be there for. */
  sent(now: number): void {
    this.#sentAt ??= now
  }

  /** The nonce for a probe that leaves now. */
  probed(now: number): number {
    if (this.#probedAt !== undefined) this.#loss += (1 - this.#loss) / 8
    this.#probedAt = now
    this.#nonce = (this.#nonce + 1) >>> 0
    return this.#nonce
  }

  /** An answer came. False: to no probe under way (late, doubled or made up). */
  answered(nonce: number, now: number): boolean {
    if (this.#probedAt === undefined || nonce !== this.#nonce) return false
    const sample = now - this.#probedAt
    // The handshake's counts until then: it is also the time that both sides computed, and long where a page is being loaded.
    const before = this.#measuredAt === Number.NEGATIVE_INFINITY ? sample : (this.#roundTripMs ?? sample)
    this.#roundTripMs = before + (sample - before) / 8
    this.#loss -= this.#loss / 8
    this.#probedAt = undefined
    this.#measuredAt = now
    return true
  }

  /** `congested`: what was sent waits at this end; the probe stands behind it, so it gets the time of an idle one. */
  verdict(now: number, congested = false): LivenessVerdict {
    const asked = this.#probedAt
    const slept = this.#judgedAt !== undefined && now - this.#judgedAt > sleptMs
    this.#judgedAt = now
    if (asked !== undefined && this.#heardAt <= asked) {
      if (now < this.#deadline(asked, congested)) return 'alive'
      if (!slept || this.#askedTwice) return 'dead'
      this.#askedTwice = true
      return 'probe'
    }
    if (now - this.#heardAt >= this.#idleMs || now - (this.#sentAt ?? now) >= trafficProbeMs) return 'probe'
    return asked === undefined && now - this.#measuredAt >= Math.max(roundTripEveryMs, 3 * this.#idleMs) ? 'probe' : 'alive'
  }

  #deadline(asked: number, congested: boolean): number {
    const idle = asked + probeAnswerMs
    if (this.#sentAt === undefined || congested) return idle
    const answer = asked + Math.max(trafficAnswerMs, 4 * (this.#roundTripMs ?? 0))
    return Math.min(idle, Math.max(answer, this.#sentAt + trafficDeadMs))
  }
}
