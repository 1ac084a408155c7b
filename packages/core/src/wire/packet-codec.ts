import { MeshError } from '../errors/mesh-error.ts'
import { decodeControlFlags, encodeControlFlags, fieldFlags } from './control-flags.ts'
import { crc32 } from './crc32.ts'
import type { DecodedPacket, Packet } from './packet.ts'
import { allocateFor } from '../bytes/slab.ts'
import { nameRoom, nameTooLong, putName, stringBytesMax } from './names.ts'
import { encodeText, readText, textBytes } from './text-cache.ts'
import { WireFault } from './wire-fault.ts'

/** The limit of the format itself: a length of two bytes. */
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
    if (textBytes(packet[name] ?? '') > stringBytesMax) throw nameTooLong(name)
  }
  packetData(packet)
}

/** All but names and data: 2 + 1 + 2 + 4 + 2 + 1 + 2 + 4. */
const fixedBytesMax = 18

/**
 * Bytes that surely hold the packet, its checksum included: a character takes up to three. What is too long takes none, for it is
 * never written.
 */
export function packetRoom({ service, srcAddr, destAddr, nextAddr, data = '' }: Packet): number {
  const dataRoom = typeof data === 'string' ? 3 * data.length : data.length
  return fixedBytesMax + nameRoom(service) + nameRoom(srcAddr) + nameRoom(destAddr) + nameRoom(nextAddr) + Math.min(dataRoom, dataBytesMax)
}

/**
 * Writes the packet to `out` from `at` on, where `packetRoom` is free, and answers where it ends. Fields that are 0, "" or
 * empty are left out, as every stack does. Throws `TOO_LARGE` (a string above 255 bytes of UTF-8, data above 65 535) or
 * `INVALID_OPTION` (a number out of range); then what stands there means nothing.
 */
export function encodePacketInto(packet: Packet, out: Uint8Array, at: number): number {
  return putPacket(packet, out, at, 0)
}

function putPacket(packet: Packet, out: Uint8Array, start: number, givenFlags: number): number {
  const data = packetData(packet)
  let flags = givenFlags
  let at = start + 2
  const netState = fitInteger(packet.netState, 0xff, 'netState')
  if (netState !== 0) {
    flags |= fieldFlags.netState
    out[at++] = netState
  }
  const { service, srcAddr, destAddr, nextAddr } = packet
  if (service !== undefined && service !== '') {
    flags |= fieldFlags.service
    at = putName(out, at, service, 'service')
  }
  if (srcAddr !== undefined && srcAddr !== '') {
    flags |= fieldFlags.srcAddr
    at = putName(out, at, srcAddr, 'srcAddr')
  }
  if (destAddr !== undefined && destAddr !== '') {
    flags |= fieldFlags.destAddr
    at = putName(out, at, destAddr, 'destAddr')
  }
  if (nextAddr !== undefined && nextAddr !== '') {
    flags |= fieldFlags.nextAddr
    at = putName(out, at, nextAddr, 'nextAddr')
  }
  const seqNum = fitInteger(packet.seqNum, 0xffff, 'seqNum')
  if (seqNum !== 0) {
    flags |= fieldFlags.seqNum
    at = putU16(out, at, seqNum)
  }
  const ackBlock = fitInteger(packet.ackBlock, 0xffff_ffff, 'ackBlock')
  if (ackBlock !== 0) {
    flags |= fieldFlags.ackBlock
    at = putU32(out, at, ackBlock)
  }
  const contextID = fitInteger(packet.contextID, 0xffff, 'contextID')
  if (contextID !== 0) {
    flags |= fieldFlags.contextID
    at = putU16(out, at, contextID)
  }
  const dataType = fitInteger(packet.dataType, 0xff, 'dataType')
  if (dataType !== 0) {
    flags |= fieldFlags.dataType
    out[at++] = dataType
  }
  if (data.length !== 0) {
    flags |= fieldFlags.data
    at = putU16(out, at, data.length)
    out.set(data, at)
    at += data.length
  }
  putU16(out, start, encodeControlFlags(flags))
  return at
}

/**
 * As `encodePacketInto`, in a buffer that other packets share: never hand its `buffer` on. `crc` appends the CRC-32 that
 * no stack sets by itself.
 */
export function encodePacket(packet: Packet, options?: { crc?: boolean }): Uint8Array {
  const crc = options !== undefined && options.crc === true
  return allocateFor(packetRoom(packet), (out, at) => {
    const end = putPacket(packet, out, at, crc ? fieldFlags.crc : 0)
    return crc ? putU32(out, end, crc32(out, at, end)) : end
  })
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
 * The packet at `offset`. One flipped bit of the control word is mended, zero-length fields read as unset, bytes after the
 * packet are ignored. `data` is a view into `bytes`.
 */
export function decodePacket(bytes: Uint8Array, offset: number = 0): DecodedPacket | WireFault {
  const end = bytes.length
  if (offset + 2 > end) return truncated
  const flags = decodeControlFlags(bytes[offset]! * 0x100 + bytes[offset + 1]!)
  let at = offset + 2
  let netState, service, srcAddr, destAddr, nextAddr, seqNum, ackBlock, contextID, dataType, data
  if (flags & fieldFlags.netState) {
    if (at + 1 > end) return truncated
    netState = bytes[at++]!
  }
  if (flags & fieldFlags.service) {
    const start = at + 1
    if (start > end || (at = start + bytes[at]!) > end) return truncated
    service = readText(bytes, start, at)
    if (service === undefined) return badText
  }
  if (flags & fieldFlags.srcAddr) {
    const start = at + 1
    if (start > end || (at = start + bytes[at]!) > end) return truncated
    srcAddr = readText(bytes, start, at)
    if (srcAddr === undefined) return badText
  }
  if (flags & fieldFlags.destAddr) {
    const start = at + 1
    if (start > end || (at = start + bytes[at]!) > end) return truncated
    destAddr = readText(bytes, start, at)
    if (destAddr === undefined) return badText
  }
  if (flags & fieldFlags.nextAddr) {
    const start = at + 1
    if (start > end || (at = start + bytes[at]!) > end) return truncated
    nextAddr = readText(bytes, start, at)
    if (nextAddr === undefined) return badText
  }
  if (flags & fieldFlags.seqNum) {
    if (at + 2 > end) return truncated
    seqNum = (bytes[at]! << 8) | bytes[at + 1]!
    at += 2
  }
  if (flags & fieldFlags.ackBlock) {
    if (at + 4 > end) return truncated
    ackBlock = readU32(bytes, at)
    at += 4
  }
  if (flags & fieldFlags.contextID) {
    if (at + 2 > end) return truncated
    contextID = (bytes[at]! << 8) | bytes[at + 1]!
    at += 2
  }
  if (flags & fieldFlags.dataType) {
    if (at + 1 > end) return truncated
    dataType = bytes[at++]!
  }
  if (flags & fieldFlags.data) {
    const start = at + 2
    if (start > end || (at = start + ((bytes[at]! << 8) | bytes[at + 1]!)) > end) return truncated
    // Always a plain Uint8Array, whatever came in: of a Buffer, `slice` would be no copy.
    if (at > start) data = new Uint8Array(bytes.buffer, bytes.byteOffset + start, at - start)
  }
  if (flags & fieldFlags.crc) {
    if (at + 4 > end) return truncated
    if (!crcHolds(bytes, offset, at)) return badCrc
  }
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
