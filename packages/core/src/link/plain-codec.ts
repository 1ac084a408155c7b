// How packets of plain ALN travel where a plain node may be at the other end: in KISS on a stream, in JSON on a text channel. Frames of
// ours travel there as data of such packets.

import type { Channel } from '../channel/channel.ts'
import { FramedPackets } from '../wire/framed-packets.ts'
import type { DecodedPacket, Packet } from '../wire/packet.ts'
import { packetFromJson, packetToJson } from '../wire/packet-json.ts'
import { PlainStreamReader } from '../wire/plain-stream.ts'
import { WireFault } from '../wire/wire-fault.ts'

/** For one channel: it remembers the beginning of a packet. */
export interface PlainCodec {
  read(bytes: Uint8Array): Iterable<DecodedPacket | WireFault>
  /** Behind what was added before. It leaves with `flush`, or earlier; answers as `Channel.send`. */
  add(packet: Packet, channel: Channel): boolean
  /** What was added is given to the channel; answers as `Channel.send`. */
  flush(channel: Channel): boolean
  /** Packets up to so many bytes are read from now on. */
  widen(packetBytesMax: number): void
}

/** What a packet takes in JSON, its data in base64: not looked into when it is more. */
const textShare = 2
const decoder = new TextDecoder()
const encoder = new TextEncoder()

export function plainCodec(carries: 'stream' | 'text', packetBytesMax: number): PlainCodec {
  if (carries === 'text') {
    let textBytesMax = packetBytesMax * textShare
    return {
      read: (bytes) =>
        bytes.length > textBytesMax
          ? [new WireFault('too-long', `a packet of ${bytes.length} bytes in JSON`)]
          : [packetFromJson(decoder.decode(bytes))],
      add: (packet, channel) => channel.send(encoder.encode(packetToJson(packet))),
      flush: () => true,
      widen: (bytesMax) => void (textBytesMax = bytesMax * textShare),
    }
  }
  const stream = new PlainStreamReader({ packetBytesMax })
  const frames = new FramedPackets()
  const flush = (channel: Channel): boolean => frames.flush((bytes) => channel.send(channel.copiesMessages ? bytes : bytes.slice()))
  return {
    read: (bytes) => stream.push(bytes),
    add(packet, channel) {
      if (frames.add(packet)) return true
      const room = flush(channel)
      frames.add(packet)
      return room
    },
    flush,
    widen: (bytesMax) => stream.widen(bytesMax),
  }
}
