import { sessionWindowBytesFirst, sessionWindowBytesMost } from './session-limits.ts'

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

  /** Read by the app, or thrown away. True when the peer is to be told of more. The window doubles as it is used. */
  consumed(bytes: number): boolean {
    this.#consumed += bytes
    if (this.#most - this.#consumed > this.#windowBytes / 2) return false
    this.#windowBytes = Math.min(sessionWindowBytesMost, this.#windowBytes * 2)
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
