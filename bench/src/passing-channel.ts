import type { Carries, Channel, ChannelReceiver, Medium } from '@hopmesh/core'

/** A channel that is another one, for those that change or watch a part of it. */
export class PassingChannel implements Channel {
  readonly medium: Medium
  readonly carries: Carries
  readonly role: 'dialer' | 'listener'
  readonly label: string
  readonly messageBytesMax: number
  readonly #inner: Channel

  constructor(inner: Channel) {
    this.medium = inner.medium
    this.carries = inner.carries
    this.role = inner.role
    this.label = inner.label
    this.messageBytesMax = inner.messageBytesMax
    this.#inner = inner
  }

  get bufferedBytes(): number {
    return this.#inner.bufferedBytes
  }

  start(receiver: ChannelReceiver): void {
    this.#inner.start(receiver)
  }

  send(message: Uint8Array): boolean {
    return this.#inner.send(message)
  }

  close(detail?: string): void {
    this.#inner.close(detail)
  }
}
