// Messages on their way in. The first 16 KiB of each come unasked; a longer one is given credit, some at a time. One that needs more
// than that takes one of the node's places for large messages, and is then given credit as its bytes arrive. So a peer can make a node
// hold what is free, what was granted, and one large message, and no peer can make it wait for ever.

import type { Clock } from '../ports/clock.ts'
import { WireFault } from '../wire/wire-fault.ts'
import type { LargeMessagePlaces } from './large-messages.ts'
import type { ReceiveStream } from './receive-stream.ts'
import { largeMessageStallMsMax, messageBytesMax, messageGrantBytes, messagesGrantedMax, streamWindowBytesMost } from './session-limits.ts'

export interface MessageIntakeOptions {
  readonly clock: Clock
  readonly places: LargeMessagePlaces
  /** The peer is to be told what it may send. */
  creditDue(stream: ReceiveStream): void
  /** It held a place and brought nothing. */
  stalled(stream: ReceiveStream): void
}

export class MessageIntake {
  readonly #options: MessageIntakeOptions
  /** In the order in which they began. */
  readonly #ungranted = new Set<ReceiveStream>()
  readonly #granted = new Set<ReceiveStream>()
  #large: ReceiveStream | undefined
  #stopTimer: () => void = () => {}

  constructor(options: MessageIntakeOptions) {
    this.#options = options
  }

  /** After each frame of one that is not whole. A fault when it is too long. */
  progress(stream: ReceiveStream): WireFault | undefined {
    if (stream.highest > messageBytesMax) return new WireFault('too-long', `a message of more than ${messageBytesMax} bytes`)
    // Nothing more has to be asked for: what is missing was sent, and comes again.
    if (stream.hasEnd) this.finished(stream)
    else if (this.#large === stream) this.#extendLarge(stream)
    else if (this.#granted.has(stream)) this.#chooseLarge()
    else this.#ungranted.add(stream)
    this.#grant()
    return undefined
  }

  /** It is whole, refused or given up. */
  finished(stream: ReceiveStream): void {
    this.#ungranted.delete(stream)
    this.#granted.delete(stream)
    if (this.#large === stream) this.#leavePlace()
    this.#grant()
  }

  close(): void {
    this.#ungranted.clear()
    this.#granted.clear()
    this.#leavePlace()
  }

  #grant(): void {
    for (const stream of this.#ungranted) {
      if (this.#granted.size >= messagesGrantedMax) return
      this.#ungranted.delete(stream)
      this.#granted.add(stream)
      if (stream.grant(messageGrantBytes)) this.#options.creditDue(stream)
    }
  }

  #chooseLarge(): void {
    if (this.#large !== undefined) return
    for (const stream of this.#granted) {
      if (stream.hasEnd || stream.highest <= messageGrantBytes / 2) continue
      if (!this.#options.places.take(this, () => this.#chooseLarge())) return
      this.#large = stream
      this.#extendLarge(stream)
      return
    }
  }

  #extendLarge(stream: ReceiveStream): void {
    if (stream.renewCredit(stream.highest, streamWindowBytesMost)) this.#options.creditDue(stream)
    this.#stopTimer()
    this.#stopTimer = this.#options.clock.setTimer(largeMessageStallMsMax, () => this.#options.stalled(stream))
  }

  #leavePlace(): void {
    this.#stopTimer()
    this.#large = undefined
    this.#options.places.release(this)
    this.#chooseLarge()
  }
}
