import { RangeSet } from '../bytes/range-set.ts'
import { ackBytesMax, ackDelayMs, ackElicitingMax, ackGatherMs, ackRangesMax, sessionPacketBytesMax } from './session-limits.ts'
import type { SessionFrame } from './session-frames.ts'

/** In a packet of more bytes there was no room left: others come, and nobody waits for this one alone. */
const fullBytesMin: number = sessionPacketBytesMax / 2

export interface ReceivedPacket {
  /** It asks for an acknowledgement. */
  readonly eliciting: boolean
  readonly now: number
  readonly bytes?: number
  /** Without a packet for so long, the next one may be all there is. */
  readonly pauseMs?: number
}

/**
 * What has arrived, and when the peer is to be told: at once after a pause, because who sends one thing waits for it, and out of
 * order; else with the 32nd packet or 512 KiB, when none has come for 4 ms after more than one, or after 20 ms.
 */
export class Acknowledgements {
  readonly #received = new RangeSet()
  #unanswered = 0
  #unansweredBytes = 0
  /** When the first of them came. */
  #unansweredSince = 0
  #dueAt: number | undefined
  #largestAt = 0
  #heardAt = -Infinity

  /** When an acknowledgement must leave even if there is nothing else to say. */
  get dueAt(): number | undefined {
    return this.#dueAt
  }

  /** There is something that the peer was not told. */
  get isPending(): boolean {
    return this.#unanswered > 0
  }

  received(number: number, { eliciting, now, bytes = 0, pauseMs = ackDelayMs }: ReceivedPacket): void {
    const largest = this.#received.last === undefined ? -1 : this.#received.last.end - 1
    this.#received.add(number, number + 1)
    this.#received.keepHighest(ackRangesMax)
    if (number > largest) this.#largestAt = now
    if (!eliciting) return
    if (this.#unanswered === 0) this.#unansweredSince = now
    this.#unanswered += 1
    this.#unansweredBytes += bytes
    const isFull = bytes > fullBytesMin
    const isMuch = this.#unanswered >= ackElicitingMax || this.#unansweredBytes >= ackBytesMax
    const inOrder = number === largest + 1
    const afterPause = !isFull && now - this.#heardAt >= pauseMs
    this.#heardAt = now
    if (!inOrder || afterPause || isMuch) this.#dueAt = now
    else if (this.#dueAt === undefined || this.#dueAt > now) {
      const gatheredAt = isFull || this.#unanswered > 1 ? now + ackGatherMs : Infinity
      this.#dueAt = Math.min(gatheredAt, this.#unansweredSince + ackDelayMs)
    }
  }

  /** The frame to send; undefined before anything was received. */
  current(now: number): (SessionFrame & { kind: 'ack' }) | undefined {
    const ranges = this.#received.ranges()
    if (ranges.length === 0) return undefined
    return { kind: 'ack', delayMs: Math.max(0, Math.round(now - this.#largestAt)), ranges: ranges.toReversed() }
  }

  /** The present frame has left. */
  told(): void {
    this.#unanswered = 0
    this.#unansweredBytes = 0
    this.#dueAt = undefined
  }

  /** The peer knows of everything up to `largest`: no need to say it again. The highest number itself is kept. */
  confirmed(largest: number): void {
    const last = this.#received.last
    if (last !== undefined) this.#received.remove(0, Math.min(largest, last.end - 1))
  }
}
