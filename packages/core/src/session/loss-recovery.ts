// Which packets arrived, which are lost, and when to ask. A packet is lost when three later ones were acknowledged, or when one
// later was and it is older than a round trip and an eighth. When such a packet is acknowledged after all, it was only late, and on
// this path more are waited for from then on. When nothing is acknowledged at all, the timeout of RFC 6298 fires: the
// oldest packets are said again, and the timeout doubles. Time is an argument; there is no timer here.

import { RecentSet } from '../bytes/recent-set.ts'
import { WireFault } from '../wire/wire-fault.ts'
import type { Range } from '../bytes/range-set.ts'
import { RoundTrip } from './round-trip.ts'
import { rtoMostMs, unacknowledgedMsMax, unansweredProbesMax } from './session-limits.ts'

const laterAcksFirst = 3
/** Where packets overtake each other, so many later ones are waited for at most. */
const laterAcksMost = 96
/** Packets taken for lost whose acknowledgement would still be noticed. */
const takenForLostMax = 128
/** Packets repeated by one timeout. */
const repeatedByTimeout = 2
/** Numbers that were left out on purpose and are remembered: who acknowledges one lies (SE14). */
const skippedMax = 16

export interface SentPacket<F> {
  readonly number: number
  readonly sentAt: number
  readonly bytes: number
  readonly frames: readonly F[]
}

export interface AckOutcome<F> {
  readonly acked: SentPacket<F>[]
  readonly lost: SentPacket<F>[]
  /** One that was taken for lost had only been late. */
  readonly mistaken: boolean
}

export class LossRecovery<F> {
  readonly roundTrip: RoundTrip = new RoundTrip()
  /** In the order of their numbers. */
  readonly #sent = new Map<number, SentPacket<F>>()
  readonly #skipped: number[] = []
  readonly #takenForLost = new RecentSet<number>(takenForLostMax)
  #laterAcks = laterAcksFirst
  #largestSent = -1
  #largestAcked = -1
  #lastSentAt = 0
  /** When the oldest packet that nothing answered since was sent. */
  #silentSince: number | undefined
  #timeouts = 0
  #lostAt: number | undefined

  get inFlight(): number {
    return this.#sent.size
  }

  /** Timeouts since the last acknowledgement of something new. */
  get timeouts(): number {
    return this.#timeouts
  }

  /** Only packets that ask for an acknowledgement; in the order of their numbers. */
  sent(packet: SentPacket<F>): void {
    this.#sent.set(packet.number, packet)
    this.#largestSent = Math.max(this.#largestSent, packet.number)
    this.#lastSentAt = packet.sentAt
    this.#silentSince ??= packet.sentAt
  }

  /** A number that will never be sent, or one whose packet asks for no answer. */
  passed(number: number, skipped: boolean): void {
    this.#largestSent = Math.max(this.#largestSent, number)
    if (!skipped) return
    this.#skipped.push(number)
    if (this.#skipped.length > skippedMax) this.#skipped.shift()
  }

  /** A fault: the peer acknowledges what was never sent. */
  acknowledged(ranges: readonly Range[], delayMs: number, now: number): AckOutcome<F> | WireFault {
    const largest = ranges[0]!.end - 1
    if (largest > this.#largestSent) return new WireFault('bad-value', `packet ${largest} is acknowledged and was never sent`)
    const lie = this.#skipped.find((number) => ranges.some(({ start, end }) => start <= number && number < end))
    if (lie !== undefined) return new WireFault('bad-value', `packet ${lie} is acknowledged and was left out on purpose`)
    const acked = this.#take(ranges)
    this.#largestAcked = Math.max(this.#largestAcked, largest)
    const newest = acked.at(-1)
    const mistaken = this.#wasMistaken(ranges)
    if (newest === undefined) return { acked, lost: [], mistaken }
    // Only an answer to the largest number measures this moment; the delay is the peer's word and never makes a sample negative.
    if (newest.number === largest) {
      const sampleMs = now - newest.sentAt
      this.roundTrip.measured(Math.max(sampleMs - Math.min(delayMs, sampleMs / 2), 0), now)
    }
    this.#timeouts = 0
    this.#silentSince = this.#sent.size > 0 ? now : undefined
    return { acked, lost: this.#lost(now), mistaken }
  }

  /** When something is overdue, or the time is up. */
  get dueAt(): number | undefined {
    if (this.#sent.size === 0) return undefined
    const timeoutAt = this.#lastSentAt + Math.min(rtoMostMs, this.roundTrip.timeoutMs * 2 ** Math.min(this.#timeouts, 16))
    return this.#lostAt === undefined ? timeoutAt : Math.min(this.#lostAt, timeoutAt)
  }

  /** What is lost for certain by now. */
  overdue(now: number): SentPacket<F>[] {
    return this.#lostAt !== undefined && this.#lostAt <= now ? this.#lost(now) : []
  }

  /** The oldest packets, to be said again because nothing was heard. */
  timedOut(now: number): SentPacket<F>[] {
    this.#timeouts += 1
    const oldest: SentPacket<F>[] = []
    for (const packet of this.#sent.values()) {
      if (oldest.length >= repeatedByTimeout) break
      oldest.push(packet)
      this.#takeForLost(packet.number)
    }
    this.#lastSentAt = now
    return oldest
  }

  /** Nobody has answered for so long that nobody will. */
  isHopeless(now: number): boolean {
    return this.#silentSince !== undefined && now - this.#silentSince >= unacknowledgedMsMax && this.#timeouts >= unansweredProbesMax
  }

  /** Another path: the timeout starts anew, and nothing measured on the old one counts. */
  routeChanged(now: number): void {
    this.roundTrip.reset()
    this.#laterAcks = laterAcksFirst
    this.#timeouts = 0
    this.#lostAt = undefined
    this.#lastSentAt = now
  }

  /** Everything in flight, given up at once. */
  drain(): SentPacket<F>[] {
    const packets = [...this.#sent.values()]
    this.#sent.clear()
    this.#lostAt = undefined
    this.#silentSince = undefined
    return packets
  }

  /** Takes the acknowledged packets out, in the order of their numbers. The work is bounded by what is in flight, not by what is claimed. */
  #take(ranges: readonly Range[]): SentPacket<F>[] {
    const acked: SentPacket<F>[] = []
    let index = ranges.length - 1
    for (const packet of this.#sent.values()) {
      while (index >= 0 && ranges[index]!.end <= packet.number) index -= 1
      const range = ranges[index]
      if (range === undefined) break
      if (range.start > packet.number) continue
      this.#sent.delete(packet.number)
      acked.push(packet)
    }
    return acked
  }

  #lost(now: number): SentPacket<F>[] {
    const lost: SentPacket<F>[] = []
    this.#lostAt = undefined
    const reorderMs = this.roundTrip.reorderMs
    for (const packet of this.#sent.values()) {
      if (packet.number >= this.#largestAcked) break
      if (packet.number > this.#largestAcked - this.#laterAcks && packet.sentAt + reorderMs > now) {
        this.#lostAt = packet.sentAt + reorderMs
        break
      }
      this.#takeForLost(packet.number)
      lost.push(packet)
    }
    return lost
  }

  #takeForLost(number: number): void {
    this.#sent.delete(number)
    this.#takenForLost.add(number)
  }

  #wasMistaken(ranges: readonly Range[]): boolean {
    let mistaken = false
    for (const number of this.#takenForLost) {
      if (!ranges.some(({ start, end }) => start <= number && number < end)) continue
      this.#takenForLost.delete(number)
      mistaken = true
    }
    if (mistaken) this.#laterAcks = Math.min(laterAcksMost, this.#laterAcks * 2)
    return mistaken
  }
}
