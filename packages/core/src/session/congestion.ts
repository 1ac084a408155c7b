// How much may be on its way at one time: NewReno in bytes (RFC 9002 §7). Doubles each round trip until something is lost,
// then grows by one packet a round trip, and halves for each round trip in which something was lost. It does not grow while
// packets wait in a queue on the way: a path that drops nothing would else hold seconds of a file in front of every word.

import { sessionPacketBytesMax } from './session-limits.ts'

export const congestionWindowBytesFirst: number = 10 * sessionPacketBytesMax
export const congestionWindowBytesLeast: number = 2 * sessionPacketBytesMax
export const congestionWindowBytesMost: number = 256 * sessionPacketBytesMax

export class Congestion {
  #window = congestionWindowBytesFirst
  #threshold = Infinity
  #inFlight = 0
  /** Losses of packets sent before this moment were answered already. */
  #recoveringSince = -Infinity
  /** As it was before the last answer to a loss. */
  #before: { readonly window: number; readonly threshold: number } | undefined

  get windowBytes(): number {
    return this.#window
  }

  get inFlightBytes(): number {
    return this.#inFlight
  }

  get isOpen(): boolean {
    return this.#inFlight < this.#window
  }

  sent(bytes: number): void {
    this.#inFlight += bytes
  }

  /** `limited`: the window, and not the app, was what held back. */
  acked(bytes: number, sentAt: number, limited: boolean): void {
    this.#inFlight -= bytes
    if (!limited || sentAt <= this.#recoveringSince) return
    const growth = this.#window < this.#threshold ? bytes : (sessionPacketBytesMax * bytes) / this.#window
    this.#window = Math.min(congestionWindowBytesMost, this.#window + growth)
  }

  lost(bytes: number, sentAt: number, now: number): void {
    this.#inFlight -= bytes
    if (sentAt <= this.#recoveringSince) return
    this.#recoveringSince = now
    this.#remember()
    this.#window = Math.max(congestionWindowBytesLeast, this.#window / 2)
    this.#threshold = this.#window
  }

  /** A queue builds up on the way: no more doubling. That the window does not grow now is who calls `acked`'s to say. */
  crowded(): void {
    this.#threshold = Math.min(this.#threshold, this.#window)
  }

  /** Repeated on suspicion: no longer on its way, and no verdict about the path. */
  withdrawn(bytes: number): void {
    this.#inFlight -= bytes
  }

  /** What was taken for lost was only late: as if it had not been. */
  undo(): void {
    if (this.#before === undefined) return
    this.#window = Math.max(this.#window, this.#before.window)
    this.#threshold = Math.max(this.#threshold, this.#before.threshold)
    this.#before = undefined
    this.#recoveringSince = -Infinity
  }

  /** Nothing comes through any more: begin small. */
  collapse(): void {
    this.#remember()
    this.#threshold = Math.max(congestionWindowBytesLeast, this.#window / 2)
    this.#window = congestionWindowBytesLeast
  }

  #remember(): void {
    this.#before = { window: this.#window, threshold: this.#threshold }
  }
}
