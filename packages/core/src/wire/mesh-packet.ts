import { MeshError } from '../errors/mesh-error.ts'
import { decodeControlFlags, fieldFlags } from './control-flags.ts'
import type { ItemToWrite } from './link-frame.ts'
import { nameRoom, putName } from './names.ts'
import type { Packet } from './packet.ts'
import { encodePacketInto, packetData, packetRoom } from './packet-codec.ts'
import { allocateFor } from '../bytes/slab.ts'
import { readText } from './text-cache.ts'
import { WireFault } from './wire-fault.ts'

// A packet between capable neighbours: hop limit u8, flags u8, [gateway: u8 length + bytes], [source gateway: the same],
// [age u16, seconds], ordinary ALN bytes.
// A node that forwards reads this much and no more.

export const hopLimitStart = 32
export const meshFlags = { gateway: 0x01, broadcast: 0x02, sourceGateway: 0x04, late: 0x08 } as const

/** Data that every capable link carries in one packet; 512 bytes more for addresses and headers. */
export const packetDataBytesMax = 16_384
const headBytesMax = 512
export const meshPacketBytesMax: number = packetDataBytesMax + headBytesMax
/** Of a packet that ends at the neighbour, where the channel in between prefers large messages. Nobody passes such a packet on. */
export const largePacketDataBytesMax = 64_000
export const largeMeshPacketBytesMax: number = largePacketDataBytesMax + headBytesMax

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
  /** Default `meshPacketBytesMax`. */
  readonly bytesMax?: number | undefined
}

/**
 * A packet that is written where it will stand, in the frame that it leaves in as a rule. `packet`: one that is not encoded yet,
 * whose next address is left out, as links have no use for it; or its bytes. Throws, here or when it is written, `TOO_LARGE` above
 * `bytesMax` and for a gateway above 255 bytes, and what `encodePacketInto` does.
 */
export function meshPacketToWrite(header: MeshPacketOptions, packet: Packet | Uint8Array): ItemToWrite {
  const { bytesMax = meshPacketBytesMax } = header
  const room = headerRoom(header)
  if (packet instanceof Uint8Array) {
    return {
      length: room + fitting(packet.length, bytesMax),
      writeInto(out, start) {
        const at = putHeader(header, out, start)
        fitting(at + packet.length - start, bytesMax)
        out.set(packet, at)
        return at + packet.length
      },
    }
  }
  const data = packetData(packet)
  fitting(data.length, bytesMax)
  const own: Packet = { ...packet, nextAddr: undefined, data }
  return {
    length: room + packetRoom(own),
    writeInto: (out, start) => start + fitting(encodePacketInto(own, out, putHeader(header, out, start)) - start, bytesMax),
  }
}

/** As `meshPacketToWrite`, as bytes: a view into a buffer that other packets share, never hand its `buffer` on. */
export function encodeMeshPacket(header: MeshPacketOptions, packet: Packet | Uint8Array): Uint8Array {
  const item = meshPacketToWrite(header, packet)
  return allocateFor(item.length, (out, at) => item.writeInto(out, at))
}

/** `length`, if links carry so much. */
function fitting(length: number, bytesMax: number): number {
  if (length <= bytesMax) return length
  throw new MeshError('TOO_LARGE', `A packet of ${length} bytes; this way leads over links that carry ${bytesMax}.`)
}

function headerRoom({ gateway, sourceGateway }: MeshPacketOptions): number {
  return 4 + nameRoom(gateway) + nameRoom(sourceGateway)
}

function putHeader(header: MeshPacketOptions, out: Uint8Array, start: number): number {
  const { gateway, sourceGateway, ageS } = header
  out[start] = header.hopLimit
  let flags = header.broadcast === true ? meshFlags.broadcast : 0
  let at = start + 2
  if (gateway) {
    flags |= meshFlags.gateway
    at = putName(out, at, gateway, 'A gateway')
  }
  if (sourceGateway) {
    flags |= meshFlags.sourceGateway
    at = putName(out, at, sourceGateway, 'A gateway')
  }
  if (ageS !== undefined) {
    const age = Math.min(ageS, 0xffff)
    flags |= meshFlags.late
    out[at++] = age >>> 8
    out[at++] = age
  }
  out[start + 1] = flags
  return at
}

/** Reads what forwarding needs; that the rest of the ALN packet is whole is left to the node that takes it. */
export function readMeshPacket(bytes: Uint8Array): MeshPacketHeader | WireFault {
  const end = bytes.length
  if (end > largeMeshPacketBytesMax) return new WireFault('too-long', `a packet of ${end} bytes`)
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
