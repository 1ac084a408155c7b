import { MeshError } from '../errors/mesh-error.ts'
import { partOf } from '../bytes/part-of.ts'
import { giveBack, spareBuffer } from '../bytes/spare-buffers.ts'
import { ByteReader, ByteWriter, varintBytes } from './bytes.ts'
import { allocate } from '../bytes/slab.ts'
import { WireFault } from './wire-fault.ts'

// What one capable neighbour hands the other: a kind and a body. Kinds that are not known are skipped by the caller, so
// that tomorrow's peer can talk to today's.

/** The first byte of a link frame. */
export const frameKinds = { hello: 1, reply: 2, finish: 3, refusal: 4, control: 5, packets: 6, leave: 7 } as const

/** Below 64 KiB with room for KISS-free headers: every transport that we know takes a message of this size whole. */
export const linkFrameBytesMax = 65_000
/** A frame of one-byte items is an attack, not traffic. */
export const frameItemsMax = 8_192
export const keyHashBytes = 16
const versionsMax = 16
const refusalTextBytesMax = 1_000
const noBytes: Uint8Array = new Uint8Array(0)

export interface LinkFrame {
  readonly kind: number
  /** A part of the frame. */
  readonly body: Uint8Array
  /** The frame itself, kind first. */
  readonly whole: Uint8Array
}

export interface Hello {
  /** Link protocol versions that the dialer speaks, best first. */
  readonly versions: readonly number[]
  readonly network: string
  /** 16 bytes. */
  readonly keyHash: Uint8Array
  readonly noise: Uint8Array
}

export interface Reply {
  readonly version: number
  readonly noise: Uint8Array
}

export interface Refusal {
  readonly code: string
  readonly text: string
}

export function encodeLinkFrame(kind: number, body: Uint8Array): Uint8Array {
  if (body.length + 1 > linkFrameBytesMax)
    throw new MeshError('TOO_LARGE', `A link frame of ${body.length + 1} bytes; ${linkFrameBytesMax} fit.`)
  const frame = allocate(body.length + 1)
  frame[0] = kind
  frame.set(body, 1)
  return frame
}

/** Gives the kind and the body of a frame, also of a kind that is not known. A fault: it is empty or too long. */
export function decodeLinkFrame(bytes: Uint8Array): LinkFrame | WireFault {
  if (bytes.length === 0) return new WireFault('truncated', 'an empty link frame')
  if (bytes.length > linkFrameBytesMax) return new WireFault('too-long', `a link frame of ${bytes.length} bytes`)
  return { kind: bytes[0]!, body: partOf(bytes, 1), whole: bytes }
}

/** Each item behind its varint length, of any length together: the body of a `control` or `packets` frame. */
export function encodeItems(items: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const item of items) length += varintBytes(item.length) + item.length
  const bytes = allocate(length)
  let at = 0
  for (const item of items) {
    at = putVarint(bytes, at, item.length)
    bytes.set(item, at)
    at += item.length
  }
  return bytes
}

/** Gives where it ends. */
function putVarint(bytes: Uint8Array, start: number, value: number): number {
  let at = start
  let left = value
  while (left >= 0x80) {
    bytes[at++] = (left & 0x7f) | 0x80
    left >>>= 7
  }
  bytes[at++] = left
  return at
}

/** The items of a body that `encodeItems` or `FrameBatch` wrote. */
export function readItems(body: Uint8Array): Uint8Array[] | WireFault {
  const items: Uint8Array[] = []
  const end = body.length
  let at = 0
  while (at < end) {
    let length = body[at++]!
    if (length >= 0x80) {
      // Up to three bytes: more than a link frame can hold.
      const second = body[at++] ?? 0x80
      length = (length & 0x7f) | ((second & 0x7f) << 7)
      if (second >= 0x80) {
        const third = body[at++] ?? 0x80
        if (third >= 0x80) return new WireFault('too-long', 'an item longer than its frame')
        length |= third << 14
      }
    }
    if (length > end - at) return new WireFault('truncated', 'an item runs past its frame')
    if (items.length >= frameItemsMax) return new WireFault('too-long', `more than ${frameItemsMax} items in a frame`)
    items.push(partOf(body, at, at + length))
    at += length
  }
  return items
}

/** What is not bytes yet: it is written where it will stand. */
export interface ItemToWrite {
  /** It takes at most so many bytes. */
  readonly length: number
  /** Writes it to `out` from `at` on and answers where it ends. Throws where it cannot be written; then nothing of it counts. */
  writeInto(out: Uint8Array, at: number): number
}

/** A frame of one item; `isSpare`: as a `FrameBatch` has it. */
export function encodeItemFrame(kind: number, item: Uint8Array | ItemToWrite, isSpare = false): Uint8Array {
  const batch = new FrameBatch(kind, isSpare)
  if (!batch.add(item)) throw new MeshError('TOO_LARGE', `An item of ${item.length} bytes does not fit one link frame.`)
  return batch.take()
}

/** Collects items straight into the frame they will leave in: a forwarded packet is copied once, here. */
export class FrameBatch {
  readonly #kind: number
  readonly #isSpare: boolean
  #bytes: Uint8Array = noBytes
  #length = 1
  #items = 0
  /** The next frame will likely be as large as the last one. */
  #sizeHint = 256

  /** `isSpare`: its frames lie in spare buffers, to be given back. */
  constructor(kind: number, isSpare = false) {
    this.#kind = kind
    this.#isSpare = isSpare
  }

  get items(): number {
    return this.#items
  }

  /** Bytes of the frame so far. */
  get length(): number {
    return this.#length
  }

  /** False, and nothing taken, when the frame might pass its maximum: take it first. Throws as an item does that is to be written. */
  add(item: Uint8Array | ItemToWrite): boolean {
    const start = this.#length + varintBytes(item.length)
    const needed = start + item.length
    if (needed > linkFrameBytesMax || this.#items >= frameItemsMax) return false
    if (needed > this.#bytes.length) this.#grow(needed)
    const bytes = this.#bytes
    if (item instanceof Uint8Array) {
      bytes.set(item, putVarint(bytes, this.#length, item.length))
      this.#length = needed
    } else {
      const end = item.writeInto(bytes, start)
      const at = putVarint(bytes, this.#length, end - start)
      // It took so much less than it might have that its length is shorter, too.
      if (at < start) bytes.copyWithin(at, start, end)
      this.#length = end - (start - at)
    }
    this.#items++
    return true
  }

  /** The frame; the batch has nothing to do with it any more. */
  take(): Uint8Array {
    if (this.#items === 0) this.#grow(1)
    this.#bytes[0] = this.#kind
    const frame = this.#bytes.subarray(0, this.#length)
    this.#sizeHint = this.#length
    this.#bytes = noBytes
    this.#length = 1
    this.#items = 0
    return frame
  }

  #grow(needed: number): void {
    const size = Math.min(linkFrameBytesMax, Math.max(needed, this.#bytes.length * 2, this.#sizeHint))
    const grown = this.#isSpare ? spareBuffer(size) : new Uint8Array(size)
    grown.set(this.#bytes.subarray(0, this.#length))
    if (this.#isSpare) giveBack(this.#bytes)
    this.#bytes = grown
  }
}

export function encodeHello(hello: Hello): Uint8Array {
  if (hello.keyHash.length !== keyHashBytes) throw new MeshError('INVALID_OPTION', `A key hash has ${keyHashBytes} bytes.`)
  const writer = new ByteWriter(128).u8(frameKinds.hello).u8(hello.versions.length)
  for (const version of hello.versions) writer.u8(version)
  return writer.string(hello.network).bytes(hello.keyHash).bytes(hello.noise).finish()
}

/** `body` without the kind. */
export function decodeHello(body: Uint8Array): Hello | WireFault {
  const reader = new ByteReader(body)
  const count = reader.u8()
  if (count === 0 || count > versionsMax) return new WireFault('bad-value', `${count} versions in a hello`)
  const versions = [...reader.bytes(count)]
  const network = reader.string()
  const keyHash = reader.bytes(keyHashBytes)
  const noise = reader.rest()
  return reader.failed ? new WireFault('truncated', 'a hello that cannot be read') : { versions, network, keyHash, noise }
}

export function encodeReply(reply: Reply): Uint8Array {
  return new ByteWriter(512).u8(frameKinds.reply).u8(reply.version).bytes(reply.noise).finish()
}

/** `body` without the kind. */
export function decodeReply(body: Uint8Array): Reply | WireFault {
  if (body.length < 1) return new WireFault('truncated', 'an empty reply')
  return { version: body[0]!, noise: body.subarray(1) }
}

/** The frame that says why a greeting ends here. */
export function encodeRefusal(refusal: Refusal): Uint8Array {
  return new ByteWriter().u8(frameKinds.refusal).string(refusal.code).text(refusal.text).finish()
}

/** `body` without the kind. */
export function decodeRefusal(body: Uint8Array): Refusal | WireFault {
  const reader = new ByteReader(body)
  const code = reader.string()
  if (reader.remaining > refusalTextBytesMax) return new WireFault('too-long', 'a refusal of more than a line')
  const text = reader.text(reader.remaining)
  return reader.failed ? new WireFault('truncated', 'a refusal that cannot be read') : { code, text }
}
