import { MeshError } from '../errors/mesh-error.ts'
import { decodeControlFlags, encodeControlFlags, fieldFlags } from './control-flags.ts'
import { crc32 } from './crc32.ts'
import type { DecodedPacket, Packet } from './packet.ts'
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
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw new MeshError('INVALID_OPTION', `${name} is ${value}; it must be an integer of 0 … ${max}.`)
  }
  return value
}

function fitString(text: string | undefined, name: string): string {
  if (!text) return ''
  const bytes = text.length > stringBytesMax ? text.length : text.length * 3 <= stringBytesMax ? 0 : textBytes(text)
  if (bytes > stringBytesMax) throw new MeshError('TOO_LARGE', `${name} takes more than ${stringBytesMax} bytes.`)
  return text
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
  fitString(packet.service, 'service')
  fitString(packet.srcAddr, 'srcAddr')
  fitString(packet.destAddr, 'destAddr')
  fitString(packet.nextAddr, 'nextAddr')
  fitInteger(packet.seqNum, 0xffff, 'seqNum')
  fitInteger(packet.ackBlock, 0xffff_ffff, 'ackBlock')
  fitInteger(packet.contextID, 0xffff, 'contextID')
  fitInteger(packet.dataType, 0xff, 'dataType')
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

function putText(out: Uint8Array, start: number, text: string): number {
  const end = putAscii(out, start, text)
  if (end >= 0) return end
  const bytes = encodeText(text)
  out[start] = bytes.length
  out.set(bytes, start + 1)
  return start + 1 + bytes.length
}

/**
 * The packet as exactly its bytes. Fields that are 0, "" or empty are left out, as every stack does. `crc` appends the
 * CRC-32 that no stack sets by itself. Throws `TOO_LARGE` (a string above 255 bytes of UTF-8, data above 65 535) or
 * `INVALID_OPTION` (a number out of range).
 */
export function encodePacket(packet: Packet, options?: { crc?: boolean }): Uint8Array {
  const netState = fitInteger(packet.netState, 0xff, 'netState')
  const service = fitString(packet.service, 'service')
  const source = fitString(packet.srcAddr, 'srcAddr')
  const destination = fitString(packet.destAddr, 'destAddr')
  const next = fitString(packet.nextAddr, 'nextAddr')
  const seqNum = fitInteger(packet.seqNum, 0xffff, 'seqNum')
  const ackBlock = fitInteger(packet.ackBlock, 0xffff_ffff, 'ackBlock')
  const contextID = fitInteger(packet.contextID, 0xffff, 'contextID')
  const dataType = fitInteger(packet.dataType, 0xff, 'dataType')
  const data = packetData(packet)
  const crc = options?.crc === true

  let flags = crc ? fieldFlags.crc : 0
  let size = crc ? 6 : 2
  if (netState !== 0) { flags |= fieldFlags.netState; size += 1 }
  if (service !== '') { flags |= fieldFlags.service; size += 1 + textBytes(service) }
  if (source !== '') { flags |= fieldFlags.srcAddr; size += 1 + textBytes(source) }
  if (destination !== '') { flags |= fieldFlags.destAddr; size += 1 + textBytes(destination) }
  if (next !== '') { flags |= fieldFlags.nextAddr; size += 1 + textBytes(next) }
  if (seqNum !== 0) { flags |= fieldFlags.seqNum; size += 2 }
  if (ackBlock !== 0) { flags |= fieldFlags.ackBlock; size += 4 }
  if (contextID !== 0) { flags |= fieldFlags.contextID; size += 2 }
  if (dataType !== 0) { flags |= fieldFlags.dataType; size += 1 }
  if (data.length !== 0) { flags |= fieldFlags.data; size += 2 + data.length }

  const out = new Uint8Array(size)
  const word = encodeControlFlags(flags)
  out[0] = word >>> 8
  out[1] = word
  let at = 2
  if (netState !== 0) out[at++] = netState
  if (service !== '') at = putText(out, at, service)
  if (source !== '') at = putText(out, at, source)
  if (destination !== '') at = putText(out, at, destination)
  if (next !== '') at = putText(out, at, next)
  if (seqNum !== 0) at = putU16(out, at, seqNum)
  if (ackBlock !== 0) at = putU32(out, at, ackBlock)
  if (contextID !== 0) at = putU16(out, at, contextID)
  if (dataType !== 0) out[at++] = dataType
  if (data.length !== 0) {
    at = putU16(out, at, data.length)
    out.set(data, at)
    at += data.length
  }
  if (crc) putU32(out, at, crc32(out, 0, at))
  return out
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

/** For streams: the packet at `offset` and its length, or that bytes are missing. */
export function decodePacketPrefix(bytes: Uint8Array, offset: number = 0): { packet: DecodedPacket; length: number } | 'incomplete' | WireFault {
  const end = measurePacket(bytes, offset)
  if (end < 0) return 'incomplete'
  const packet = decodeMeasured(bytes, offset, end)
  return packet instanceof WireFault ? packet : { packet, length: end - offset }
}

/** The packet at `offset`, whose end `measurePacket` has found. */
export function decodeMeasured(bytes: Uint8Array, offset: number, end: number): DecodedPacket | WireFault {
  const flags = decodeControlFlags(bytes[offset]! * 0x100 + bytes[offset + 1]!)
  let at = offset + 2
  // Every packet has all keys in one order: the engine then sees one shape.
  const packet: DecodedPacket = {
    netState: undefined, service: undefined, srcAddr: undefined, destAddr: undefined, nextAddr: undefined,
    seqNum: undefined, ackBlock: undefined, contextID: undefined, dataType: undefined, data: undefined,
  }
  if (flags & fieldFlags.netState) packet.netState = bytes[at++]! || undefined
  if (flags & fieldFlags.service) {
    const text = readText(bytes, at + 1, at + 1 + bytes[at]!)
    if (text === undefined) return badText
    packet.service = text || undefined
    at += 1 + bytes[at]!
  }
  if (flags & fieldFlags.srcAddr) {
    const text = readText(bytes, at + 1, at + 1 + bytes[at]!)
    if (text === undefined) return badText
    packet.srcAddr = text || undefined
    at += 1 + bytes[at]!
  }
  if (flags & fieldFlags.destAddr) {
    const text = readText(bytes, at + 1, at + 1 + bytes[at]!)
    if (text === undefined) return badText
    packet.destAddr = text || undefined
    at += 1 + bytes[at]!
  }
  if (flags & fieldFlags.nextAddr) {
    const text = readText(bytes, at + 1, at + 1 + bytes[at]!)
    if (text === undefined) return badText
    packet.nextAddr = text || undefined
    at += 1 + bytes[at]!
  }
  if (flags & fieldFlags.seqNum) {
    packet.seqNum = (bytes[at]! * 0x100 + bytes[at + 1]!) || undefined
    at += 2
  }
  if (flags & fieldFlags.ackBlock) {
    packet.ackBlock = readU32(bytes, at) || undefined
    at += 4
  }
  if (flags & fieldFlags.contextID) {
    packet.contextID = (bytes[at]! * 0x100 + bytes[at + 1]!) || undefined
    at += 2
  }
  if (flags & fieldFlags.dataType) packet.dataType = bytes[at++]! || undefined
  if (flags & fieldFlags.data) {
    const length = bytes[at]! * 0x100 + bytes[at + 1]!
    at += 2
    if (length > 0) packet.data = bytes.subarray(at, at + length)
  }
  return flags & fieldFlags.crc && !crcHolds(bytes, offset, end - 4) ? badCrc : packet
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
