import { concatBytes } from '../bytes/concat-bytes.ts'
import { packetDataBytesMax } from '../wire/mesh-packet.ts'
import type { DecodedPacket, Packet } from '../wire/packet.ts'
import { decodePacket, encodePacket, measurePacket } from '../wire/packet-codec.ts'
import { isWireFault, type WireFault } from '../wire/wire-fault.ts'

const encoder = new TextEncoder()

/** A packet as one message of a session. Data that is too long for a packet of its own stands behind a packet without data. */
export function encodeSealedPacket(packet: Packet): Uint8Array {
  const data = typeof packet.data === 'string' ? encoder.encode(packet.data) : packet.data
  if (data === undefined || data.length <= packetDataBytesMax) return encodePacket(packet)
  return concatBytes([encodePacket({ ...packet, data: undefined }), data])
}

export function decodeSealedPacket(bytes: Uint8Array): DecodedPacket | WireFault {
  const packet = decodePacket(bytes)
  if (isWireFault(packet) || packet.data !== undefined) return packet
  const end = measurePacket(bytes)
  return end < bytes.length ? { ...packet, data: bytes.subarray(end) } : packet
}
