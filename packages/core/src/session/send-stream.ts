// The sending half of a stream: what was written and is not acknowledged yet, and which of it has to leave next. What was lost
// is said again before anything new.

import { varintBytes } from '../wire/bytes.ts'
import { RangeSet } from '../bytes/range-set.ts'
import { messageFreeBytes, streamWindowBytesFirst } from './session-limits.ts'

export type SessionPriority = 'urgent' | 'normal' | 'bulk'

/** What leaves in one frame. */
export interface StreamPiece {
  readonly offset: number
  readonly length: number
  /** It is the last one. */
  readonly end: boolean
  /** Views of what was written. */
  readonly parts: readonly Uint8Array[]
  /** How many of its bytes leave for the first time. */
  readonly fresh: number
}

interface Chunk {
  readonly start: number
  readonly bytes: Uint8Array
}

/** Below this much room a frame is not worth its head, unless the stream has no more than that to say. */
const pieceBytesLeast = 64
const headsSweptAt = 1_024
export const noReason: Uint8Array = new Uint8Array(0)

export class SendStream {
  readonly id: number
  readonly priority: SessionPriority
  readonly isMessage: boolean
  #chunks: Chunk[] = []
  /** Chunks in front of this index are acknowledged. */
  #head = 0
  #written = 0
  #next = 0
  #credit: number
  #ended = false
  #end: 'unsent' | 'sent' | 'acked' = 'unsent'
  #reset: { readonly code: number; readonly reason: Uint8Array } | undefined
  readonly #lost = new RangeSet()
  readonly #acked = new RangeSet()

  constructor(id: number, priority: SessionPriority, isMessage: boolean) {
    this.id = id
    this.priority = priority
    this.isMessage = isMessage
    this.#credit = isMessage ? messageFreeBytes : streamWindowBytesFirst
  }

  /** Bytes written and not acknowledged. */
  get unackedBytes(): number {
    return this.#written - this.ackedBytes
  }

  /** Everything in front of this offset arrived. */
  get ackedBytes(): number {
    const first = this.#acked.first
    return first === undefined || first.start > 0 ? 0 : first.end
  }

  /** Something of it has left at least once. */
  get hasBegun(): boolean {
    return this.#next > 0 || this.#end !== 'unsent'
  }

  get isReset(): boolean {
    return this.#reset !== undefined
  }

  /** Everything and its end arrived. */
  get isDone(): boolean {
    return this.#end === 'acked' && this.ackedBytes === this.#written
  }

  /** Bytes that were never sent and that the stream's own credit allows. */
  get freshBytes(): number {
    return Math.max(0, Math.min(this.#written, this.#credit) - this.#next)
  }

  /** Bytes that were never sent, allowed or not. */
  get unsentBytes(): number {
    return this.isReset ? 0 : this.#written - this.#next
  }

  /** There is something that may leave without credit of the session. */
  get hasRepeats(): boolean {
    return !this.isReset && (this.#lost.count > 0 || this.#endIsDue)
  }

  get #endIsDue(): boolean {
    return this.#ended && this.#end === 'unsent' && this.#next === this.#written
  }

  /** The bytes are kept as they are: they must not change afterwards. */
  write(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    this.#chunks.push({ start: this.#written, bytes })
    this.#written += bytes.length
  }

  end(): void {
    this.#ended = true
  }

  /** Gives it up: nothing more leaves but the reset itself. */
  reset(code: number, reason: Uint8Array = noReason): void {
    this.#reset = { code, reason }
    this.#chunks = []
    this.#lost.clear()
  }

  /** For the reset frame: why, and how much was sent before. */
  get resetFrame(): { readonly code: number; readonly reason: Uint8Array; readonly size: number } {
    const { code, reason } = this.#reset ?? { code: 0, reason: noReason }
    return { code, reason, size: this.#next }
  }

  grant(most: number): void {
    this.#credit = Math.max(this.#credit, most)
  }

  /** Takes what has to leave next, for a record with so much room. Undefined: nothing may, or it does not fit. */
  take(room: number, sessionCredit: number): StreamPiece | undefined {
    if (this.isReset) return undefined
    const lost = this.#lost.first
    const offset = lost?.start ?? this.#next
    const head = 5 + varintBytes(this.id) + varintBytes(offset)
    const wanted = lost === undefined ? Math.min(this.freshBytes, sessionCredit) : lost.end - lost.start
    const length = Math.min(wanted, room - head)
    if (length < 0 || (length < wanted && length < pieceBytesLeast)) return undefined
    // The end leaves with the last byte, and once more alone when it was lost alone.
    const end = this.#ended && offset + length === this.#written
    if (length === 0 && !(end && this.#end === 'unsent')) return undefined
    if (end && this.#end === 'unsent') this.#end = 'sent'
    if (lost === undefined) this.#next += length
    else this.#lost.remove(offset, offset + length)
    return { offset, length, end, parts: this.#parts(offset, length), fresh: lost === undefined ? length : 0 }
  }

  acked(offset: number, length: number, end: boolean): void {
    if (end) this.#end = 'acked'
    this.#acked.add(offset, offset + length)
    this.#lost.remove(offset, offset + length)
    this.#forgetAcked()
  }

  lost(offset: number, length: number, end: boolean): void {
    if (this.isReset) return
    if (end && this.#end === 'sent') this.#end = 'unsent'
    this.#lost.add(offset, offset + length)
    for (const range of this.#acked.ranges()) this.#lost.remove(range.start, range.end)
  }

  #forgetAcked(): void {
    const acked = this.ackedBytes
    for (let chunk = this.#chunks[this.#head]; chunk !== undefined && chunk.start + chunk.bytes.length <= acked;) {
      chunk = this.#chunks[(this.#head += 1)]
    }
    if (this.#head >= headsSweptAt || this.#head === this.#chunks.length) {
      this.#chunks.splice(0, this.#head)
      this.#head = 0
    }
  }

  /** Views of the chunks that hold it. */
  #parts(offset: number, length: number): Uint8Array[] {
    const parts: Uint8Array[] = []
    let index = this.#chunkAt(offset)
    for (let at = offset; at < offset + length; index += 1) {
      const chunk = this.#chunks[index]
      if (chunk === undefined) break
      const part = chunk.bytes.subarray(at - chunk.start, offset + length - chunk.start)
      parts.push(part)
      at += part.length
    }
    return parts
  }

  #chunkAt(offset: number): number {
    let low = this.#head
    let high = this.#chunks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#chunks[middle]!.start <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
}
