import { sessionWindowBytesFirst, sessionWindowBytesMost } from './session-limits.ts'

/** Less is not worth a frame. */
const gainedBytesLeast = 16_384

/** What the peer may send to us before it was read, over all streams of a session. */
export class ReceiveCredit {
  #most = sessionWindowBytesFirst
  #windowBytes = sessionWindowBytesFirst
  #received = 0
  #consumed = 0

  get most(): number {
    return this.#most
  }

  /** False: the peer went beyond it. */
  received(bytes: number): boolean {
    this.#received += bytes
    return this.#received <= this.#most
  }

  /**
   * Read by the app, or thrown away. True when the peer is to be told of more: after half a window, which then doubles; or sooner where
   * streams that nobody reads hold so much that the others would wait for ever for that half.
   */
  consumed(bytes: number): boolean {
    this.#consumed += bytes
    const gained = this.#consumed + this.#windowBytes - this.#most
    const isHalf = gained >= this.#windowBytes / 2
    const isTight = this.#most - this.#received < this.#windowBytes / 4 && gained >= gainedBytesLeast
    if (!isHalf && !isTight) return false
    if (isHalf) this.#windowBytes = Math.min(sessionWindowBytesMost, this.#windowBytes * 2)
    this.#most = this.#consumed + this.#windowBytes
    return true
  }
}

/** What we may send. */
export class SendCredit {
  #most = sessionWindowBytesFirst
  #used = 0

  get remaining(): number {
    return this.#most - this.#used
  }

  grant(most: number): void {
    this.#most = Math.max(this.#most, most)
  }

  use(bytes: number): void {
    this.#used += bytes
  }
}
