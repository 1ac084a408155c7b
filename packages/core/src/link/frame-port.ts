import { concatBytes } from '../bytes/concat-bytes.ts'
import type { Channel, ChannelReceiver, CloseReason } from '../channel/channel.ts'
import { linkFrameBytesMax } from '../wire/link-frame.ts'
import { netStates, type DecodedPacket, type Packet } from '../wire/packet.ts'
import { encodeFramedPacket } from '../wire/packet-codec.ts'
import { packetFromJson, packetToJson } from '../wire/packet-json.ts'
import { PlainStreamReader } from '../wire/plain-stream.ts'
import { textBytes } from '../wire/text-cache.ts'
import { isWireFault, WireFault } from '../wire/wire-fault.ts'

// Turns what a channel carries into link frames and plain packets, and back: the one place that knows that a frame
// travels bare on a channel of our own, in KISS on a stream, and in JSON on a text channel.

/** The largest ALN packet on a stream of a capable neighbour: a link frame and its few header bytes. */
const packetBytesMax = linkFrameBytesMax + 16

/** The limit of ALN itself: more is refused from plain neighbours. */
export const plainDataBytesMax = 4_096
/** Addresses and names of a plain packet: some stacks fall over beyond. */
export const plainTextBytesMax = 100
/** The largest packet that is read before the neighbour has shown that it is one of us: so its stream costs 30 KiB at most. */
export const plainPacketBytesMax = 5_120

const decoder = new TextDecoder()
const encoder = new TextEncoder()

export interface FramePortReceiver {
  /** One link frame, kind byte first. */
  frame(bytes: Uint8Array): void
  /** One plain ALN packet; never on a `frames` channel. */
  plain(packet: DecodedPacket): void
  fault(fault: WireFault): void
  drained(): void
  closed(reason: CloseReason): void
}

export class FramePort implements ChannelReceiver {
  readonly channel: Channel
  readonly #receiver: FramePortReceiver
  readonly #stream: PlainStreamReader | undefined

  constructor(channel: Channel, receiver: FramePortReceiver) {
    this.channel = channel
    this.#receiver = receiver
    this.#stream = channel.carries === 'stream' ? new PlainStreamReader({ packetBytesMax: plainPacketBytesMax }) : undefined
  }

  /** Whether a plain ALN node may be at the other end. */
  get maybePlain(): boolean {
    return this.channel.carries !== 'frames'
  }

  /** The neighbour has shown that it speaks link frames, which are larger than plain packets. */
  takeFrames(): void {
    this.#stream?.widen(packetBytesMax)
  }

  start(): void {
    this.channel.start(this)
  }

  /** As `Channel.send`. */
  sendFrame(bytes: Uint8Array): boolean {
    return this.maybePlain ? this.sendPlain([{ netState: netStates.frame, data: bytes }]) : this.channel.send(bytes)
  }

  /** Plain packets in one write, as far as the channel has writes. */
  sendPlain(packets: readonly Packet[]): boolean {
    if (this.channel.carries === 'text') {
      let room = true
      for (const packet of packets) room = this.channel.send(encoder.encode(packetToJson(packet)))
      return room
    }
    const frames = packets.map((packet) => encodeFramedPacket(packet))
    return this.channel.send(frames.length === 1 ? (frames[0] as Uint8Array) : concatBytes(frames))
  }

  message(bytes: Uint8Array): void {
    if (this.channel.carries === 'frames') {
      if (bytes.length > linkFrameBytesMax) this.#receiver.fault(new WireFault('too-long', `a link frame of ${bytes.length} bytes`))
      else this.#receiver.frame(bytes)
    } else if (this.#stream) {
      for (const packet of this.#stream.push(bytes)) this.#packet(packet)
    } else {
      this.#packet(packetFromJson(decoder.decode(bytes)))
    }
  }

  drained(): void {
    this.#receiver.drained()
  }

  closed(reason: CloseReason): void {
    this.#receiver.closed(reason)
  }

  #packet(packet: DecodedPacket | WireFault): void {
    if (isWireFault(packet)) this.#receiver.fault(packet)
    else if (packet.netState === netStates.frame) this.#receiver.frame(packet.data ?? new Uint8Array(0))
    else if ((packet.data?.length ?? 0) > plainDataBytesMax) {
      this.#receiver.fault(new WireFault('too-long', `plain data of ${packet.data?.length} bytes; ALN ends at ${plainDataBytesMax}`))
    } else if (isTooLong(packet.srcAddr) || isTooLong(packet.destAddr) || isTooLong(packet.nextAddr) || isTooLong(packet.service)) {
      this.#receiver.fault(new WireFault('too-long', `a plain packet with an address or a service of more than ${plainTextBytesMax} bytes`))
    } else this.#receiver.plain(packet)
  }
}

/** Most texts are so short that no count can make them too long. */
function isTooLong(text: string | undefined): boolean {
  return text !== undefined && text.length * 3 > plainTextBytesMax && textBytes(text) > plainTextBytesMax
}
