import type { Carries, Channel, ChannelReceiver, Medium } from '@hopmesh/core'

/** A channel into which frames are put that its link knows nothing of. */
export class InjectedChannel implements Channel {
  readonly medium: Medium
  readonly carries: Carries
  readonly role: 'dialer' | 'listener'
  readonly label: string
  readonly messageBytesMax: number
  readonly #inner: Channel
  #sent = 0

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
    this.#sent++
    return this.#inner.send(message)
  }

  /** False: wait. The handshake and the first control frames go first. */
  inject(frame: Uint8Array): boolean {
    return this.#sent > 3 && this.#inner.send(frame)
  }

  close(detail?: string): void {
    this.#inner.close(detail)
  }
}
