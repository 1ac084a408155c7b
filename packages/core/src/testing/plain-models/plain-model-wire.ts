// What the plain routers write on a channel and read from it: strict readers, whose end is a frame that they cannot read,
// and writers with the mistakes of their stacks.

import type { Channel } from '../../channel/channel.ts'
import { frame, kissEnd, kissEscape, kissEscapedEnd, unescapeInto } from '../../wire/kiss.ts'
import type { DecodedPacket, Packet } from '../../wire/packet.ts'
import { decodePacket, encodePacket } from '../../wire/packet-codec.ts'
import { packetFromJson, packetToJson } from '../../wire/packet-json.ts'
import { isWireFault } from '../../wire/wire-fault.ts'
import type { PlainStack } from './plain-stack.ts'

export function writePlain(stack: PlainStack, channel: Channel, packet: Packet): void {
  if (channel.carries === 'text') channel.send(new TextEncoder().encode(packetToJson(packet)))
  else channel.send(framed(stack, encodePacket(stack.spoilsHighBytes ? spoilt(packet) : packet)))
}

function framed(stack: PlainStack, bytes: Uint8Array): Uint8Array {
  const escaped = frame(bytes)
  if (!stack.escapesEndWrongly) return escaped
  return escaped.map((byte, at) => (byte === kissEscape && escaped[at + 1] === kissEscapedEnd ? kissEnd : byte))
}

/** Each byte from 80 hex up becomes two, and the length stays: what is behind it is cut off. */
function spoilt(packet: Packet): Packet {
  if (!(packet.data instanceof Uint8Array)) return packet
  const text = Array.from(packet.data, (byte) => String.fromCharCode(byte)).join('')
  return { ...packet, data: new TextEncoder().encode(text).subarray(0, packet.data.length) }
}

/** Reads one channel. */
export class PlainModelReader {
  readonly #carries: Channel['carries']
  #rest: number[] = []

  constructor(channel: Channel) {
    this.#carries = channel.carries
  }

  /** 'fatal': nothing after this is read by anybody. */
  push(bytes: Uint8Array): (DecodedPacket | 'fatal')[] {
    if (this.#carries === 'text') {
      const packet = packetFromJson(new TextDecoder().decode(bytes))
      return [isWireFault(packet) ? 'fatal' : packet]
    }
    const packets: (DecodedPacket | 'fatal')[] = []
    for (const byte of bytes) {
      if (byte === kissEnd) packets.push(...this.#frame())
      else this.#rest.push(byte)
    }
    return packets
  }

  #frame(): (DecodedPacket | 'fatal')[] {
    const raw = Uint8Array.from(this.#rest)
    this.#rest = []
    if (raw.length === 0) return []
    const unescaped = new Uint8Array(raw.length)
    const packet = decodePacket(unescaped.subarray(0, unescapeInto(raw, 0, raw.length, unescaped, 0)))
    return [isWireFault(packet) ? 'fatal' : packet]
  }
}
