// How packets of plain ALN travel where a plain node may be at the other end: in KISS on a stream, in JSON on a text channel. Frames of
// ours travel there as data of such packets.

import { concatBytes } from '../bytes/concat-bytes.ts'
import type { DecodedPacket, Packet } from '../wire/packet.ts'
import { encodeFramedPacket } from '../wire/packet-codec.ts'
import { packetFromJson, packetToJson } from '../wire/packet-json.ts'
import { PlainStreamReader } from '../wire/plain-stream.ts'
import type { WireFault } from '../wire/wire-fault.ts'

/** For one channel: it remembers the beginning of a packet. */
export interface PlainCodec {
  read(bytes: Uint8Array): Iterable<DecodedPacket | WireFault>
  /** What is given to the channel, one after the other. */
  write(packets: readonly Packet[]): Uint8Array[]
  /** Packets up to so many bytes are read from now on. */
  widen(packetBytesMax: number): void
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

export function plainCodec(carries: 'stream' | 'text', packetBytesMax: number): PlainCodec {
  if (carries === 'text') {
    return {
      read: (bytes) => [packetFromJson(decoder.decode(bytes))],
      write: (packets) => packets.map((packet) => encoder.encode(packetToJson(packet))),
      widen: () => {},
    }
  }
  const stream = new PlainStreamReader({ packetBytesMax })
  return {
    read: (bytes) => stream.push(bytes),
    write(packets) {
      const frames = packets.map((packet) => encodeFramedPacket(packet))
      return frames.length === 1 ? frames : [concatBytes(frames)]
    },
    widen: (bytesMax) => stream.widen(bytesMax),
  }
}
