// Messages on their way in. Their bytes count as read when the message is whole, so many small ones share one window. A message
// larger than its first credit gets more only while it is the oldest unfinished one of its peer and holds one of the node's places for
// large messages: then its bytes count as read when they arrive. So a peer can make a node hold at most the window and one message.

import type { Clock } from '../ports/clock.ts'
import { WireFault } from '../wire/wire-fault.ts'
import type { ReceiveCredit } from './credit.ts'
import type { LargeMessagePlaces } from './large-messages.ts'
import type { ReceiveStream } from './receive-stream.ts'
import { largeMessageStallMsMax, messageBytesMax, streamWindowBytesMost } from './session-limits.ts'

export interface MessageIntakeOptions {
  readonly clock: Clock
  readonly places: LargeMessagePlaces
  readonly credit: ReceiveCredit
  /** The peer is to be told of credit: of this stream, or of all messages. */
  creditDue(stream: ReceiveStream | undefined): void
  /** It held a place and brought nothing. */
  stalled(stream: ReceiveStream): void
}

export class MessageIntake {
  readonly #options: MessageIntakeOptions
  /** In the order in which they began. */
  readonly #unfinished = new Set<ReceiveStream>()
  /** The one whose bytes count as they arrive, and how many did. */
  #large: { readonly stream: ReceiveStream; counted: number; stopTimer: () => void } | undefined

  constructor(options: MessageIntakeOptions) {
    this.#options = options
  }

  /** After each frame of it. A fault when the message is too long. */
  progress(stream: ReceiveStream): WireFault | undefined {
    if (stream.highest > messageBytesMax) return new WireFault('too-long', `a message of more than ${messageBytesMax} bytes`)
    this.#unfinished.add(stream)
    if (this.#large?.stream === stream) this.#advanceLarge()
    else this.#considerLarge()
    return undefined
  }

  /** It is whole, refused or given up; its bytes are no longer held. */
  finished(stream: ReceiveStream): void {
    if (!this.#unfinished.delete(stream)) return
    const large = this.#large?.stream === stream ? this.#large : undefined
    this.#consumed(stream.highest - (large?.counted ?? 0))
    if (large !== undefined) this.#release()
    this.#considerLarge()
  }

  close(): void {
    this.#unfinished.clear()
    this.#release()
    this.#options.places.release(this)
  }

  #considerLarge(): void {
    const [oldest] = this.#unfinished
    if (this.#large !== undefined || oldest === undefined || oldest.highest <= oldest.credit / 2) return
    if (!this.#options.places.take(this, () => this.#considerLarge())) return
    this.#large = { stream: oldest, counted: 0, stopTimer: () => {} }
    this.#advanceLarge()
  }

  #advanceLarge(): void {
    const large = this.#large!
    const { stream } = large
    const fresh = stream.highest - large.counted
    large.counted = stream.highest
    this.#consumed(fresh)
    if (stream.renewCredit(stream.highest, streamWindowBytesMost)) this.#options.creditDue(stream)
    if (fresh === 0 && stream.highest > 0) return
    large.stopTimer()
    large.stopTimer = this.#options.clock.setTimer(largeMessageStallMsMax, () => this.#options.stalled(stream))
  }

  #release(): void {
    if (this.#large === undefined) return
    this.#large.stopTimer()
    this.#large = undefined
    this.#options.places.release(this)
  }

  #consumed(bytes: number): void {
    if (this.#options.credit.consumed(bytes)) this.#options.creditDue(undefined)
  }
}
