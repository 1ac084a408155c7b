import { MeshError } from '../errors/mesh-error.ts'
import { decodeControlFlags, fieldFlags } from './control-flags.ts'
import type { Packet } from './packet.ts'
import { encodePacketHead, packetData } from './packet-codec.ts'
import { allocate } from './slab.ts'
import { encodeText, readText } from './text-cache.ts'
import { WireFault } from './wire-fault.ts'

// A packet between capable neighbours: hop limit u8, flags u8, [gateway: u8 length + bytes], [source gateway: the same],
// [age u16, seconds], ordinary ALN bytes.
// A node that forwards reads this much and no more.

export const hopLimitStart = 32
export const meshFlags = { gateway: 0x01, broadcast: 0x02, sourceGateway: 0x04, late: 0x08 } as const

/** Data that every capable link carries in one packet; 512 bytes more for addresses and headers. */
export const packetDataBytesMax = 16_384
export const meshPacketBytesMax: number = packetDataBytesMax + 512

export interface MeshPacketHeader {
  readonly hopLimit: number
  readonly broadcast: boolean
  /** The node that answers for a plain destination. */
  readonly gateway: string | undefined
  /** The node that answers for a plain source: the way back, also when nobody has heard of that source yet. */
  readonly sourceGateway: string | undefined
  /** Of a broadcast that is told again to who missed it: how many seconds ago it was said, as who tells it knows. */
  readonly ageS: number | undefined
  /** "" when absent, as every string here. */
  readonly source: string
  readonly destination: string
  readonly service: string
  readonly netState: number
  /** Where the ALN packet starts. */
  readonly alnOffset: number
}

export interface MeshPacketOptions {
  readonly hopLimit: number
  readonly broadcast?: boolean | undefined
  readonly gateway?: string | undefined
  readonly sourceGateway?: string | undefined
  readonly ageS?: number | undefined
}

/**
 * A view into a buffer that other packets share: never hand its `buffer` on. Throws `TOO_LARGE` above `meshPacketBytesMax`
 * and for a gateway above 255 bytes.
 */
export function encodeMeshPacket(header: MeshPacketOptions, aln: Uint8Array): Uint8Array {
  const prefix = encodeHeader(header)
  const bytes = allocate(fitting(prefix.length + aln.length))
  bytes.set(prefix)
  bytes.set(aln, prefix.length)
  return bytes
}

/** A packet in two pieces, so that its data is copied only once, into the frame that it leaves in. Throws as `encodeMeshPacket`. */
export function encodeMeshPacketHead(header: MeshPacketOptions, packet: Packet): { readonly head: Uint8Array; readonly data: Uint8Array } {
  const data = packetData(packet)
  const head = encodePacketHead(encodeHeader(header), packet, data)
  fitting(head.length + data.length)
  return { head, data }
}

function fitting(length: number): number {
  if (length <= meshPacketBytesMax) return length
  throw new MeshError('TOO_LARGE', `A packet of ${length} bytes; links carry ${meshPacketBytesMax}.`)
}

function encodeHeader(header: MeshPacketOptions): Uint8Array {
  const gateway = gatewayBytes(header.gateway)
  const sourceGateway = gatewayBytes(header.sourceGateway)
  const { ageS } = header
  const end = 2 + gateway.length + sourceGateway.length
  const bytes = allocate(ageS === undefined ? end : end + 2)
  bytes[0] = header.hopLimit
  bytes[1] =
    (gateway.length > 0 ? meshFlags.gateway : 0) |
    (header.broadcast === true ? meshFlags.broadcast : 0) |
    (sourceGateway.length > 0 ? meshFlags.sourceGateway : 0) |
    (ageS === undefined ? 0 : meshFlags.late)
  bytes.set(gateway, 2)
  bytes.set(sourceGateway, 2 + gateway.length)
  if (ageS !== undefined) bytes.set([Math.min(ageS, 0xffff) >>> 8, Math.min(ageS, 0xffff)], end)
  return bytes
}

const nothing = new Uint8Array(0)

/** Behind its length; nothing for none. */
function gatewayBytes(gateway: string | undefined): Uint8Array {
  if (!gateway) return nothing
  const text = encodeText(gateway)
  if (text.length > 255) throw new MeshError('TOO_LARGE', 'A gateway address takes at most 255 bytes.')
  const bytes = new Uint8Array(1 + text.length)
  bytes[0] = text.length
  bytes.set(text, 1)
  return bytes
}

/** Reads what forwarding needs; that the rest of the ALN packet is whole is left to the node that takes it. */
export function readMeshPacket(bytes: Uint8Array): MeshPacketHeader | WireFault {
  const end = bytes.length
  if (end > meshPacketBytesMax) return new WireFault('too-long', `a packet of ${end} bytes`)
  if (end < 4) return new WireFault('truncated', 'a packet without a header')
  const flags = bytes[1]!
  let at = 2
  let gateway: string | undefined
  if (flags & meshFlags.gateway) {
    const start = at + 1
    at = start + bytes[at]!
    if (at + 2 > end) return new WireFault('truncated', 'a gateway runs past its packet')
    gateway = readText(bytes, start, at)
    if (gateway === undefined) return new WireFault('bad-utf8', 'a gateway that is not UTF-8')
  }
  let sourceGateway: string | undefined
  if (flags & meshFlags.sourceGateway) {
    const start = at + 1
    at = start + bytes[at]!
    if (at + 2 > end) return new WireFault('truncated', 'a source gateway runs past its packet')
    sourceGateway = readText(bytes, start, at)
    if (sourceGateway === undefined) return new WireFault('bad-utf8', 'a source gateway that is not UTF-8')
  }
  let ageS: number | undefined
  if (flags & meshFlags.late) {
    at += 2
    if (at + 2 > end) return new WireFault('truncated', 'an age runs past its packet')
    ageS = bytes[at - 2]! * 0x100 + bytes[at - 1]!
  }
  const alnOffset = at
  const fields = decodeControlFlags(bytes[at]! * 0x100 + bytes[at + 1]!)
  at += 2
  let netState = 0
  if (fields & fieldFlags.netState) netState = bytes[at++] ?? 0
  let service: string | undefined = ''
  let source: string | undefined = ''
  let destination: string | undefined = ''
  if (fields & fieldFlags.service) {
    const start = at + 1
    at = start + (bytes[at] ?? end)
    if (at > end) return new WireFault('truncated', 'a service name runs past its packet')
    service = readText(bytes, start, at)
  }
  if (fields & fieldFlags.srcAddr) {
    const start = at + 1
    at = start + (bytes[at] ?? end)
    if (at > end) return new WireFault('truncated', 'a source runs past its packet')
    source = readText(bytes, start, at)
  }
  if (fields & fieldFlags.destAddr) {
    const start = at + 1
    at = start + (bytes[at] ?? end)
    if (at > end) return new WireFault('truncated', 'a destination runs past its packet')
    destination = readText(bytes, start, at)
  }
  if (service === undefined || source === undefined || destination === undefined) {
    return new WireFault('bad-utf8', 'an address or service name that is not UTF-8')
  }
  const broadcast = (flags & meshFlags.broadcast) !== 0
  return {
    hopLimit: bytes[0]!,
    broadcast,
    gateway: gateway || undefined,
    sourceGateway: sourceGateway || undefined,
    ageS,
    source,
    destination,
    service,
    netState,
    alnOffset,
  }
}
