import { insideBytesMax, partOf } from '../bytes/part-of.ts'
import { giveBack, spareBuffer } from '../bytes/spare-buffers.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { allocate } from '../bytes/slab.ts'
import { encodeText, readText } from './text-cache.ts'

/** Signed → unsigned so that small magnitudes stay small: 0, -1, 1, -2 → 0, 1, 2, 3. Good for |value| < 2^52. */
export function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value
}

export function unzigzag(value: number): number {
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2
}

/** Bytes that a varint of `value` takes. */
export function varintBytes(value: number): number {
  let count = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) count++
  return count
}

const noBytes = new Uint8Array(0)

/** Writes big-endian numbers, LEB128 varints and length-prefixed text into a buffer that grows as needed. */
export class ByteWriter {
  #bytes: Uint8Array
  #length = 0

  constructor(sizeHint: number = 64) {
    this.#bytes = spareBuffer(sizeHint)
  }

  get length(): number {
    return this.#length
  }

  u8(value: number): this {
    const at = this.#room(1)
    this.#bytes[at] = value
    return this
  }

  u16(value: number): this {
    const at = this.#room(2)
    this.#bytes[at] = value >>> 8
    this.#bytes[at + 1] = value
    return this
  }

  u32(value: number): this {
    const at = this.#room(4)
    this.#bytes[at] = value >>> 24
    this.#bytes[at + 1] = value >>> 16
    this.#bytes[at + 2] = value >>> 8
    this.#bytes[at + 3] = value
    return this
  }

  u48(value: number): this {
    this.u16(Math.floor(value / 0x1_0000_0000))
    return this.u32(value % 0x1_0000_0000)
  }

  /** Unsigned LEB128, at most 2^53 − 1. */
  varint(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new MeshError('INVALID_OPTION', `A varint cannot hold ${value}.`)
    let rest = value
    while (rest >= 0x80) {
      this.u8((rest % 0x80) | 0x80)
      rest = Math.floor(rest / 0x80)
    }
    return this.u8(rest)
  }

  bytes(bytes: Uint8Array): this {
    const at = this.#room(bytes.length)
    this.#bytes.set(bytes, at)
    return this
  }

  /** UTF-8 without a length: the reader takes the rest. */
  text(text: string): this {
    return this.bytes(encodeText(text))
  }

  /** u8 length + UTF-8. Throws `TOO_LARGE` above 255 bytes. */
  string(text: string): this {
    if (this.#shortAscii(text)) return this
    const encoded = encodeText(text)
    if (encoded.length > 255) throw new MeshError('TOO_LARGE', `A text of ${encoded.length} bytes does not fit 255.`)
    return this.u8(encoded.length).bytes(encoded)
  }

  /** As `string`, without an array in between: most names and addresses are of this kind. False: this one is not. */
  #shortAscii(text: string): boolean {
    const { length } = text
    if (length > insideBytesMax) return false
    const at = this.#room(length + 1)
    const bytes = this.#bytes
    bytes[at] = length
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index)
      if (unit >= 0x80) {
        this.#length = at
        return false
      }
      bytes[at + 1 + index] = unit
    }
    return true
  }

  /** varint length + bytes. */
  lengthed(bytes: Uint8Array): this {
    return this.varint(bytes.length).bytes(bytes)
  }

  /** A copy of exactly what was written; the writer starts anew. */
  finish(): Uint8Array {
    const written = this.#bytes.slice(0, this.#length)
    this.#length = 0
    giveBack(this.#bytes)
    this.#bytes = noBytes
    return written
  }

  /** As `finish`, for what is copied or sent before long: it may share its buffer with others. */
  finishShared(): Uint8Array {
    // A small one is quicker by itself.
    if (this.#length <= insideBytesMax) return this.finish()
    const written = allocate(this.#length)
    written.set(this.view())
    this.release()
    return written
  }

  /** What was written, as a view that holds until `release`: nothing may be written in between. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Nobody needs the view any more. */
  release(): void {
    this.#length = 0
    giveBack(this.#bytes)
    this.#bytes = noBytes
  }

  #room(count: number): number {
    const at = this.#length
    const needed = at + count
    if (needed > this.#bytes.length) {
      const grown = spareBuffer(Math.max(needed, this.#bytes.length * 2))
      grown.set(this.#bytes)
      giveBack(this.#bytes)
      this.#bytes = grown
    }
    this.#length = needed
    return at
  }
}

/**
 * Reads what `ByteWriter` writes. Failure is sticky: after a read past the end, text that is not UTF-8 or a varint above
 * 2^53, `failed` stays true and every read answers 0, '' or no bytes. So a decoder reads on and asks once, at its end.
 */
export class ByteReader {
  readonly #bytes: Uint8Array
  #at: number
  #failed = false

  constructor(bytes: Uint8Array, offset: number = 0) {
    this.#bytes = bytes
    this.#at = offset
  }

  get failed(): boolean {
    return this.#failed
  }

  get offset(): number {
    return this.#at
  }

  get remaining(): number {
    return this.#failed ? 0 : this.#bytes.length - this.#at
  }

  fail(): void {
    this.#failed = true
  }

  u8(): number {
    const at = this.#take(1)
    return at < 0 ? 0 : this.#bytes[at]!
  }

  u16(): number {
    const at = this.#take(2)
    return at < 0 ? 0 : this.#bytes[at]! * 0x100 + this.#bytes[at + 1]!
  }

  u32(): number {
    const at = this.#take(4)
    if (at < 0) return 0
    const bytes = this.#bytes
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  }

  u48(): number {
    const high = this.u16()
    const low = this.u32()
    return this.#failed ? 0 : high * 0x1_0000_0000 + low
  }

  varint(): number {
    let value = 0
    let scale = 1
    for (let count = 0; count < 8; count++) {
      const byte = this.u8()
      if (this.#failed) return 0
      value += (byte & 0x7f) * scale
      if (byte < 0x80) {
        if (Number.isSafeInteger(value)) return value
        break
      }
      scale *= 0x80
    }
    this.#failed = true
    return 0
  }

  /** Not for writing: it may be a view. */
  bytes(count: number): Uint8Array {
    const at = this.#take(count)
    return at < 0 ? noBytes : partOf(this.#bytes, at, at + count)
  }

  /** Bytes that outlive what is read, and may be written. */
  copy(count: number): Uint8Array {
    const at = this.#take(count)
    return at < 0 ? noBytes : this.#bytes.slice(at, at + count)
  }

  /** u8 length + UTF-8. */
  string(): string {
    return this.text(this.u8())
  }

  text(count: number): string {
    const at = this.#take(count)
    if (at < 0) return ''
    const text = readText(this.#bytes, at, at + count)
    if (text === undefined) this.#failed = true
    return text ?? ''
  }

  /** varint length + bytes, as `bytes` gives them. */
  lengthed(): Uint8Array {
    return this.bytes(this.varint())
  }

  /** Everything that is left, as `bytes` gives it. */
  rest(): Uint8Array {
    return this.bytes(this.remaining)
  }

  #take(count: number): number {
    const at = this.#at
    if (this.#failed || count > this.#bytes.length - at) {
      this.#failed = true
      return -1
    }
    this.#at = at + count
    return at
  }
}
