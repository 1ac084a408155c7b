// The receiving half of a stream: puts together what comes in any order, twice, and in pieces that overlap. What is accepted
// will be acknowledged, so nothing that was accepted is ever dropped; what breaks a bound is a fault of the peer instead.

import { concatBytes } from '../bytes/concat-bytes.ts'
import { WireFault } from '../wire/wire-fault.ts'
import { RangeSet } from '../bytes/range-set.ts'
import type { StreamFrame } from './session-frames.ts'
import { messageFreeBytes, streamHolesMax, streamWindowBytesFirst } from './session-limits.ts'

interface Segment {
  readonly start: number
  readonly bytes: Uint8Array
}

/** Pieces below this are copied together, so that a million tiny ones do not become a million objects. */
const joinedBytesMax = 8_192

export class ReceiveStream {
  readonly id: number
  readonly isMessage: boolean
  /** The peer may send up to this offset. */
  #credit: number
  #windowBytes = streamWindowBytesFirst
  #highest = 0
  #size: number | undefined
  /** The peer gave it up: its size is no end. */
  #reset = false
  #taken = 0
  #readyEnd = 0
  readonly #got = new RangeSet()
  #ready: Uint8Array[] = []
  #later: Segment[] = []

  constructor(id: number, isMessage: boolean) {
    this.id = id
    this.isMessage = isMessage
    this.#credit = isMessage ? messageFreeBytes : streamWindowBytesFirst
  }

  get credit(): number {
    return this.#credit
  }

  /** The offset behind the last byte that was heard of. */
  get highest(): number {
    return this.#highest
  }

  get takenBytes(): number {
    return this.#taken
  }

  /** What is held of it here, holes included. */
  get heldBytes(): number {
    return this.#ready.length > 0 || this.#later.length > 0 ? this.#highest - this.#taken : 0
  }

  get readableBytes(): number {
    return this.#readyEnd - this.#taken
  }

  /** How long it is in all is known. */
  get hasEnd(): boolean {
    return this.#size !== undefined
  }

  /** Every byte has arrived, and so has the end. */
  get isComplete(): boolean {
    return !this.#reset && this.#size !== undefined && this.#readyEnd === this.#size
  }

  /** Nothing more will come out of it. */
  get isDrained(): boolean {
    return this.isComplete && this.#taken === this.#size
  }

  /** By how many bytes the stream has grown; a fault when the frame breaks a promise. */
  received(frame: StreamFrame): number | WireFault {
    const { offset, data } = frame
    const end = offset + data.length
    const fault = this.#sizeFault(end, frame.end)
    if (fault) return fault
    const grown = Math.max(0, end - this.#highest)
    this.#highest += grown
    if (frame.end) this.#size = end
    if (offset === this.#readyEnd && this.#later.length === 0) {
      this.#append(data)
      this.#got.add(offset, end)
      return grown
    }
    if (!this.#got.covers(offset, end)) this.#keep(offset, data)
    return this.#got.count > streamHolesMax ? new WireFault('too-long', `more than ${streamHolesMax} holes in a stream`) : grown
  }

  /** The peer gave it up after `size` bytes: by how many the stream has grown, or a fault. */
  resetAt(size: number): number | WireFault {
    const fault = this.#sizeFault(size, true)
    if (fault) return fault
    const grown = size - this.#highest
    this.#highest = size
    this.#size = size
    this.#reset = true
    return grown
  }

  /** The next bytes in order; undefined when there are none. They are a copy of the caller's own. */
  take(): Uint8Array | undefined {
    const bytes = this.#ready.shift()
    if (bytes !== undefined) this.#taken += bytes.length
    return bytes
  }

  takeAll(): Uint8Array {
    const bytes = this.#ready.length === 1 ? this.#ready[0]! : concatBytes(this.#ready)
    this.#ready = []
    this.#taken += bytes.length
    return bytes
  }

  /** Nobody wants what is here. */
  discard(): void {
    this.#ready = []
    this.#later = []
  }

  /** A new credit to be told, once half of the window is used up from `consumed` on. The window doubles as it is consumed, up to `windowMost`. */
  renewCredit(consumed: number, windowMost: number): boolean {
    if (this.#size !== undefined || this.#credit - consumed > this.#windowBytes / 2) return false
    this.#windowBytes = Math.min(windowMost, this.#windowBytes * 2)
    this.#credit = consumed + this.#windowBytes
    return true
  }

  /** The peer may send up to `most`. False: it may already, or has no more to send. */
  grant(most: number): boolean {
    if (this.#size !== undefined || most <= this.#credit) return false
    this.#credit = most
    return true
  }

  #sizeFault(end: number, isEnd: boolean): WireFault | undefined {
    if (end > this.#credit) return new WireFault('too-long', `stream ${this.id} went beyond its credit`)
    const tooLong = this.#size !== undefined && (end > this.#size || (isEnd && end !== this.#size))
    if (tooLong || (isEnd && end < this.#highest)) return new WireFault('bad-value', `stream ${this.id} ends twice`)
    return undefined
  }

  /** Keeps those parts of `data` that were not there yet. */
  #keep(offset: number, data: Uint8Array): void {
    const end = offset + data.length
    const missing = new RangeSet()
    missing.add(Math.max(offset, this.#readyEnd), end)
    for (const { start, end: gotEnd } of this.#got.ranges()) if (start < end && gotEnd > offset) missing.remove(start, gotEnd)
    for (const { start, end: missingEnd } of missing.ranges())
      this.#insert({ start, bytes: data.slice(start - offset, missingEnd - offset) })
    this.#got.add(offset, end)
    let moved = 0
    for (let next = this.#later[0]; next !== undefined && next.start === this.#readyEnd; next = this.#later[moved]) {
      this.#append(next.bytes)
      moved += 1
    }
    if (moved > 0) this.#later.splice(0, moved)
  }

  #insert(segment: Segment): void {
    let index = this.#later.length
    while (index > 0 && this.#later[index - 1]!.start > segment.start) index -= 1
    const before = this.#later[index - 1]
    const touches = before !== undefined && before.start + before.bytes.length === segment.start
    if (touches && before.bytes.length + segment.bytes.length <= joinedBytesMax) {
      this.#later[index - 1] = { start: before.start, bytes: concatBytes([before.bytes, segment.bytes]) }
    } else {
      this.#later.splice(index, 0, segment)
    }
  }

  #append(data: Uint8Array): void {
    if (data.length === 0) return
    this.#readyEnd += data.length
    const last = this.#ready.at(-1)
    if (last !== undefined && last.length + data.length <= joinedBytesMax) this.#ready[this.#ready.length - 1] = concatBytes([last, data])
    // The record is nobody else's; only what is small in it would keep all the rest alive.
    else this.#ready.push(data.length * 2 > data.buffer.byteLength ? data : data.slice())
  }
}
