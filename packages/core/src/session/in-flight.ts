// What is on its way to the peer, how much more may be, and what becomes of it: whatever loss recovery takes out is counted by
// congestion control. Time is an argument.

import type { Range } from '../bytes/range-set.ts'
import { isWireFault, type WireFault } from '../wire/wire-fault.ts'
import { Congestion } from './congestion.ts'
import { LossRecovery, type SentPacket } from './loss-recovery.ts'
import { packetsInFlightMax } from './session-limits.ts'

/** Timeouts in a row after which the path is taken to be worse than before. */
const timeoutsOfCollapse = 2

export class InFlight<F> {
  readonly #recovery = new LossRecovery<F>()
  readonly #congestion = new Congestion()

  get isEmpty(): boolean {
    return this.#recovery.inFlight === 0
  }

  /** One more packet may leave. */
  get isOpen(): boolean {
    return this.#congestion.isOpen && this.#recovery.inFlight < packetsInFlightMax
  }

  get windowBytes(): number {
    return this.#congestion.windowBytes
  }

  get roundTripMs(): number | undefined {
    return this.#recovery.roundTrip.smoothedMs
  }

  /** When something is overdue, or the time is up. */
  get dueAt(): number | undefined {
    return this.#recovery.dueAt
  }

  /** A round trip that was measured elsewhere. */
  measured(roundTripMs: number, now: number): void {
    this.#recovery.roundTrip.measured(roundTripMs, now)
  }

  /** A packet that asks for an acknowledgement; in the order of their numbers. */
  sent(packet: SentPacket<F>): void {
    this.#recovery.sent(packet)
    this.#congestion.sent(packet.bytes)
  }

  /** A number that will never be sent, or one whose packet asks for no answer. */
  passed(number: number, skipped: boolean): void {
    this.#recovery.passed(number, skipped)
  }

  /** What arrived, and what is lost. A fault: the peer acknowledges what was never sent. */
  acknowledged(ranges: readonly Range[], delayMs: number, now: number): { readonly acked: F[]; readonly lost: F[] } | WireFault {
    const isFull = this.#congestion.inFlightBytes >= this.#congestion.windowBytes / 2
    const limited = isFull && !this.#recovery.roundTrip.isCrowded
    const outcome = this.#recovery.acknowledged(ranges, delayMs, now)
    if (isWireFault(outcome)) return outcome
    for (const { bytes, sentAt } of outcome.acked) this.#congestion.acked(bytes, sentAt, limited)
    if (outcome.mistaken) this.#congestion.undo()
    if (this.#recovery.roundTrip.isCrowded) this.#congestion.crowded()
    return { acked: framesOf(outcome.acked), lost: this.#lost(outcome.lost, now) }
  }

  /** The time is up: what is to be said again. `suspected`: nothing proves that it is lost, so somebody has to be asked. */
  expired(now: number): { readonly frames: F[]; readonly suspected: boolean } {
    const lost = this.#recovery.overdue(now)
    if (lost.length > 0) return { frames: this.#lost(lost, now), suspected: false }
    const frames = this.oldest(now)
    // That the path is worse than before is certain only when the repetition is not answered either.
    if (this.#recovery.timeouts === timeoutsOfCollapse) this.#congestion.collapse()
    return { frames, suspected: true }
  }

  /** The oldest of it, given up on suspicion: no verdict about the path. */
  oldest(now: number): F[] {
    const packets = this.#recovery.timedOut(now)
    for (const { bytes } of packets) this.#congestion.withdrawn(bytes)
    return framesOf(packets)
  }

  /** Nobody has answered for so long that nobody will. */
  isHopeless(now: number): boolean {
    return this.#recovery.isHopeless(now)
  }

  /** Another path: the timeout starts anew, and nothing measured on the old one counts. */
  routeChanged(now: number): void {
    this.#recovery.routeChanged(now)
  }

  /** All of it, given up at once. */
  drain(): F[] {
    return framesOf(this.#recovery.drain())
  }

  #lost(packets: readonly SentPacket<F>[], now: number): F[] {
    for (const { bytes, sentAt } of packets) this.#congestion.lost(bytes, sentAt, now)
    return framesOf(packets)
  }
}

function framesOf<F>(packets: readonly SentPacket<F>[]): F[] {
  return packets.flatMap(({ frames }) => frames)
}
