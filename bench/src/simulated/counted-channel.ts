import type { Carries, Channel, ChannelReceiver, Medium } from '@hopmesh/core'

/** What a node has sent so far. */
export interface Sent {
  /** Link frames, handshakes included. */
  bytes: number
  /** Of these, what keeps links alive: frames of pings and pongs only. */
  aliveBytes: number
  /** Rows of adverts, withdrawals included. */
  entries: number
  /** Whole tables: adverts that replace all that was said before. */
  dumps: number
}

/** A channel that counts what leaves through it. */
export class CountedChannel implements Channel {
  readonly medium: Medium
  readonly carries: Carries
  readonly role: 'dialer' | 'listener'
  readonly label: string
  readonly messageBytesMax: number
  readonly #inner: Channel
  readonly #sent: Sent

  constructor(inner: Channel, sent: Sent) {
    this.medium = inner.medium
    this.carries = inner.carries
    this.role = inner.role
    this.label = inner.label
    this.messageBytesMax = inner.messageBytesMax
    this.#inner = inner
    this.#sent = sent
  }

  get bufferedBytes(): number {
    return this.#inner.bufferedBytes
  }

  start(receiver: ChannelReceiver): void {
    this.#inner.start(receiver)
  }

  send(message: Uint8Array): boolean {
    this.#sent.bytes += message.length
    return this.#inner.send(message)
  }

  close(detail?: string): void {
    this.#inner.close(detail)
  }
}
