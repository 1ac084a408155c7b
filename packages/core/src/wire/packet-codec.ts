import { MeshError } from '../errors/mesh-error.ts'
import { ByteWriter } from './bytes.ts'
import { decodeControlFlags, encodeControlFlags, fieldFlags } from './control-flags.ts'
import { crc32 } from './crc32.ts'
import { frameInPlace } from './kiss.ts'
import type { DecodedPacket, Packet } from './packet.ts'
import { allocate } from './slab.ts'
import { encodeText, readText, textBytes } from './text-cache.ts'
import { WireFault } from './wire-fault.ts'

/** Limits of the format itself: a length byte, a length of two bytes. */
export const stringBytesMax = 255
export const dataBytesMax = 65_535
/** The largest ALN packet that can exist: 2 + 1 + 4 × 256 + 2 + 4 + 2 + 1 + 2 + 65 535 + 4. */
export const packetBytesMax = 66_577

const noBytes = new Uint8Array(0)
const truncated = new WireFault('truncated', 'the packet ends before its fields do')
const badText = new WireFault('bad-utf8', 'an address or service name is not UTF-8')
const badCrc = new WireFault('bad-value', 'the checksum does not match')

function fitInteger(value: number | undefined, max: number, name: string): number {
  if (value === undefined) return 0
  if (value >>> 0 === value && value <= max) return value
  throw new MeshError('INVALID_OPTION', `${name} is ${value}; it must be an integer of 0 … ${max}.`)
}

/** Text has at least as many bytes as UTF-16 units; what is not ASCII is measured exactly where it is written. */
function fitString(text: string | undefined, name: string): string {
  if (text === undefined) return ''
  if (text.length > stringBytesMax) throw tooLong(name)
  return text
}

function tooLong(name: string): MeshError {
  return new MeshError('TOO_LARGE', `${name} takes more than ${stringBytesMax} bytes.`)
}

/** The data of a packet as bytes; text becomes UTF-8. Throws `TOO_LARGE`. */
export function packetData(packet: Packet): Uint8Array {
  const data = packet.data
  if (data === undefined) return noBytes
  const bytes = typeof data === 'string' ? encodeText(data) : data
  if (bytes.length > dataBytesMax) throw new MeshError('TOO_LARGE', `data of ${bytes.length} bytes; a packet takes ${dataBytesMax}.`)
  return bytes
}

/** Throws `TOO_LARGE` or `INVALID_OPTION` for a packet that the wire cannot carry. */
export function checkPacket(packet: Packet): void {
  fitInteger(packet.netState, 0xff, 'netState')
  fitInteger(packet.seqNum, 0xffff, 'seqNum')
  fitInteger(packet.ackBlock, 0xffff_ffff, 'ackBlock')
  fitInteger(packet.contextID, 0xffff, 'contextID')
  fitInteger(packet.dataType, 0xff, 'dataType')
  for (const name of ['service', 'srcAddr', 'destAddr', 'nextAddr'] as const) {
    if (textBytes(packet[name] ?? '') > stringBytesMax) throw tooLong(name)
  }
  packetData(packet)
}

/** ASCII is written as it stands; −1 says that it is not ASCII. */
function putAscii(out: Uint8Array, start: number, text: string): number {
  const length = text.length
  out[start] = length
  let at = start + 1
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index)
    if (unit >= 0x80) return -1
    out[at++] = unit
  }
  return at
}

/**
 * The packet as exactly its bytes, a view into a buffer that other packets share: never hand its `buffer` on. Fields
 * that are 0, "" or empty are left out, as every stack does. `crc` appends the CRC-32 that no stack sets by itself.
 * Throws `TOO_LARGE` (a string above 255 bytes of UTF-8, data above 65 535) or `INVALID_OPTION` (a number out of range).
 */
export function encodePacket(packet: Packet, options?: { crc?: boolean }): Uint8Array {
  const data = packetData(packet)
  const crc = options !== undefined && options.crc === true
  const out = encodeFields(packet, { prefix: noBytes, dataLength: data.length, tail: data.length + (crc ? 4 : 0), crc })
  const end = out.length - (crc ? 4 : 0)
  if (data.length !== 0) out.set(data, end - data.length)
  if (crc) putU32(out, end, crc32(out, 0, end))
  return out
}

/** The packet as `frame` of what `encodePacket` gives. Throws as that does. */
export function encodeFramedPacket(packet: Packet): Uint8Array {
  const data = packetData(packet)
  const out = encodeFields(packet, { prefix: noBytes, dataLength: data.length, tail: data.length + 1, crc: false })
  out.set(data, out.length - 1 - data.length)
  return frameInPlace(out)
}

/**
 * All of a packet but its data, behind `prefix`: for who puts the data behind it without a copy in between. Throws as
 * `encodePacket` does, and shares its buffer in the same way.
 */
export function encodePacketHead(prefix: Uint8Array, packet: Packet, data: Uint8Array): Uint8Array {
  return encodeFields(packet, { prefix, dataLength: data.length, tail: 0, crc: false })
}

interface Frame {
  readonly prefix: Uint8Array
  readonly dataLength: number
  /** Bytes to leave free at the end. */
  readonly tail: number
  readonly crc: boolean
}

/** The prefix and every field, the length of the data included, but neither data nor checksum. */
function encodeFields(packet: Packet, { prefix, dataLength, tail, crc }: Frame): Uint8Array {
  const netState = fitInteger(packet.netState, 0xff, 'netState')
  const service = fitString(packet.service, 'service')
  const source = fitString(packet.srcAddr, 'srcAddr')
  const destination = fitString(packet.destAddr, 'destAddr')
  const next = fitString(packet.nextAddr, 'nextAddr')
  const seqNum = fitInteger(packet.seqNum, 0xffff, 'seqNum')
  const ackBlock = fitInteger(packet.ackBlock, 0xffff_ffff, 'ackBlock')
  const contextID = fitInteger(packet.contextID, 0xffff, 'contextID')
  const dataType = fitInteger(packet.dataType, 0xff, 'dataType')

  let flags = 0
  let size = prefix.length + 2
  if (netState !== 0) {
    flags |= fieldFlags.netState
    size += 1
  }
  if (service !== '') {
    flags |= fieldFlags.service
    size += 1 + service.length
  }
  if (source !== '') {
    flags |= fieldFlags.srcAddr
    size += 1 + source.length
  }
  if (destination !== '') {
    flags |= fieldFlags.destAddr
    size += 1 + destination.length
  }
  if (next !== '') {
    flags |= fieldFlags.nextAddr
    size += 1 + next.length
  }
  if (seqNum !== 0) {
    flags |= fieldFlags.seqNum
    size += 2
  }
  if (ackBlock !== 0) {
    flags |= fieldFlags.ackBlock
    size += 4
  }
  if (contextID !== 0) {
    flags |= fieldFlags.contextID
    size += 2
  }
  if (dataType !== 0) {
    flags |= fieldFlags.dataType
    size += 1
  }
  if (dataLength !== 0) {
    flags |= fieldFlags.data
    size += 2
  }
  if (crc) flags |= fieldFlags.crc

  const out = allocate(size + tail)
  if (prefix.length !== 0) out.set(prefix)
  let at = putU16(out, prefix.length, encodeControlFlags(flags))
  if (netState !== 0) out[at++] = netState
  if (service !== '' && (at = putAscii(out, at, service)) < 0) return encodeUnicode(packet, { prefix, dataLength, tail, crc })
  if (source !== '' && (at = putAscii(out, at, source)) < 0) return encodeUnicode(packet, { prefix, dataLength, tail, crc })
  if (destination !== '' && (at = putAscii(out, at, destination)) < 0) return encodeUnicode(packet, { prefix, dataLength, tail, crc })
  if (next !== '' && (at = putAscii(out, at, next)) < 0) return encodeUnicode(packet, { prefix, dataLength, tail, crc })
  if (seqNum !== 0) at = putU16(out, at, seqNum)
  if (ackBlock !== 0) at = putU32(out, at, ackBlock)
  if (contextID !== 0) at = putU16(out, at, contextID)
  if (dataType !== 0) out[at++] = dataType
  if (dataLength !== 0) putU16(out, at, dataLength)
  return out
}

/** The same for a packet whose names are not ASCII: rare, so it may be slow. */
function encodeUnicode(packet: Packet, { prefix, dataLength, tail, crc }: Frame): Uint8Array {
  const names = [packet.service, packet.srcAddr, packet.destAddr, packet.nextAddr].map((text) => encodeText(text ?? ''))
  if (names.some((name) => name.length > stringBytesMax)) throw tooLong('An address or service name')
  // All other fields as they are encoded without names; the names go in between.
  const nameFlags = [fieldFlags.service, fieldFlags.srcAddr, fieldFlags.destAddr, fieldFlags.nextAddr]
  const unnamed = { ...packet, service: '', srcAddr: '', destAddr: '', nextAddr: '' }
  const rest = encodeFields(unnamed, { prefix: noBytes, dataLength, tail: 0, crc })
  let flags = decodeControlFlags((rest[0]! << 8) | rest[1]!)
  names.forEach((name, at) => {
    if (name.length > 0) flags |= nameFlags[at]!
  })
  const writer = new ByteWriter(prefix.length + rest.length + tail + 1_028).bytes(prefix).u16(encodeControlFlags(flags))
  const namesAt = packet.netState ? 3 : 2
  writer.bytes(rest.subarray(2, namesAt))
  for (const name of names) {
    if (name.length > 0) writer.u8(name.length).bytes(name)
  }
  return writer.bytes(rest.subarray(namesAt)).bytes(new Uint8Array(tail)).finish()
}

function putU16(out: Uint8Array, at: number, value: number): number {
  out[at] = value >>> 8
  out[at + 1] = value
  return at + 2
}

function putU32(out: Uint8Array, at: number, value: number): number {
  out[at] = value >>> 24
  out[at + 1] = value >>> 16
  out[at + 2] = value >>> 8
  out[at + 3] = value
  return at + 4
}

/**
 * Where the packet that starts at `offset` ends, by its declared lengths; −1 while bytes are missing. Reads no text and
 * allocates nothing.
 */
export function measurePacket(bytes: Uint8Array, offset: number = 0, end: number = bytes.length): number {
  if (end - offset < 2) return -1
  const flags = decodeControlFlags(bytes[offset]! * 0x100 + bytes[offset + 1]!)
  let at = offset + 2
  if (flags & fieldFlags.netState) at += 1
  for (let flag: number = fieldFlags.service; flag >= fieldFlags.nextAddr; flag >>= 1) {
    if ((flags & flag) === 0) continue
    if (at >= end) return -1
    at += 1 + bytes[at]!
  }
  if (flags & fieldFlags.seqNum) at += 2
  if (flags & fieldFlags.ackBlock) at += 4
  if (flags & fieldFlags.contextID) at += 2
  if (flags & fieldFlags.dataType) at += 1
  if (flags & fieldFlags.data) {
    if (at + 2 > end) return -1
    at += 2 + bytes[at]! * 0x100 + bytes[at + 1]!
  }
  if (flags & fieldFlags.crc) at += 4
  return at <= end ? at : -1
}

/**
 * A packet at the start of `bytes`. One flipped bit of the control word is mended, zero-length fields read as unset,
 * bytes after the packet are ignored. `data` is a view into `bytes`.
 */
export function decodePacket(bytes: Uint8Array): DecodedPacket | WireFault {
  const end = measurePacket(bytes)
  return end < 0 ? truncated : decodeMeasured(bytes, 0, end)
}

/** The packet at `offset`, whose end `measurePacket` has found. */
export function decodeMeasured(bytes: Uint8Array, offset: number, end: number): DecodedPacket | WireFault {
  const flags = decodeControlFlags(bytes[offset]! * 0x100 + bytes[offset + 1]!)
  let at = offset + 2
  let netState, service, srcAddr, destAddr, nextAddr, seqNum, ackBlock, contextID, dataType, data
  if (flags & fieldFlags.netState) netState = bytes[at++]!
  if (flags & fieldFlags.service) {
    const start = at + 1
    service = readText(bytes, start, (at = start + bytes[at]!))
    if (service === undefined) return badText
  }
  if (flags & fieldFlags.srcAddr) {
    const start = at + 1
    srcAddr = readText(bytes, start, (at = start + bytes[at]!))
    if (srcAddr === undefined) return badText
  }
  if (flags & fieldFlags.destAddr) {
    const start = at + 1
    destAddr = readText(bytes, start, (at = start + bytes[at]!))
    if (destAddr === undefined) return badText
  }
  if (flags & fieldFlags.nextAddr) {
    const start = at + 1
    nextAddr = readText(bytes, start, (at = start + bytes[at]!))
    if (nextAddr === undefined) return badText
  }
  if (flags & fieldFlags.seqNum) {
    seqNum = (bytes[at]! << 8) | bytes[at + 1]!
    at += 2
  }
  if (flags & fieldFlags.ackBlock) {
    ackBlock = readU32(bytes, at)
    at += 4
  }
  if (flags & fieldFlags.contextID) {
    contextID = (bytes[at]! << 8) | bytes[at + 1]!
    at += 2
  }
  if (flags & fieldFlags.dataType) dataType = bytes[at++]!
  if (flags & fieldFlags.data) {
    const length = (bytes[at]! << 8) | bytes[at + 1]!
    // What `subarray` does, at two thirds of its price; and always a plain Uint8Array, whatever came in.
    if (length > 0) data = new Uint8Array(bytes.buffer, bytes.byteOffset + at + 2, length)
  }
  if (flags & fieldFlags.crc && !crcHolds(bytes, offset, end - 4)) return badCrc
  // Every packet has all keys in one order: the engine then sees one shape.
  return {
    netState: netState || undefined,
    service: service || undefined,
    srcAddr: srcAddr || undefined,
    destAddr: destAddr || undefined,
    nextAddr: nextAddr || undefined,
    seqNum: seqNum || undefined,
    ackBlock: ackBlock || undefined,
    contextID: contextID || undefined,
    dataType: dataType || undefined,
    data,
  }
}

function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

/** The checksum covers the control word as it was sent, so a bit that was mended is mended here too. */
function crcHolds(bytes: Uint8Array, offset: number, end: number): boolean {
  const word = encodeControlFlags(decodeControlFlags(bytes[offset]! * 0x100 + bytes[offset + 1]!))
  const head = crc32(new Uint8Array([word >>> 8, word & 0xff]))
  return crc32(bytes, offset + 2, end, head) === readU32(bytes, end)
}
