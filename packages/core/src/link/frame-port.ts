import type { Channel, ChannelReceiver, CloseReason } from '../channel/channel.ts'
import { linkFrameBytesMax } from '../wire/link-frame.ts'
import { netStates, type DecodedPacket, type Packet } from '../wire/packet.ts'
import { textBytes } from '../wire/text-cache.ts'
import { isWireFault, WireFault } from '../wire/wire-fault.ts'
import type { PlainCodec } from './plain-codec.ts'

// Turns what a channel carries into link frames and plain packets, and back: the one place that knows that a frame
// travels bare on a channel of our own, and in a plain packet on every other one.

/** The largest ALN packet on a stream of a capable neighbour: a link frame and its few header bytes. */
const packetBytesMax = linkFrameBytesMax + 16

/** The limit of ALN itself: more is refused from plain neighbours. */
export const plainDataBytesMax = 4_096
/** Addresses and names of a plain packet: some stacks fall over beyond. */
export const plainTextBytesMax = 100
/** The largest packet that is read before the neighbour has shown that it is one of us: so its stream costs 30 KiB at most. */
export const plainPacketBytesMax = 5_120

export interface FramePortReceiver {
  /** So many bytes came; what is in them follows, now or later. */
  came(bytes: number): void
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
  /** Once it is started, where a plain node may be at the other end. */
  #codec: PlainCodec | undefined

  constructor(channel: Channel, receiver: FramePortReceiver) {
    this.channel = channel
    this.#receiver = receiver
  }

  /** Whether a plain ALN node may be at the other end. */
  get maybePlain(): boolean {
    return this.channel.carries !== 'frames'
  }

  /** The neighbour has shown that it speaks link frames, which are larger than plain packets. */
  takeFrames(): void {
    this.#codec?.widen(packetBytesMax)
  }

  start(codec?: PlainCodec): void {
    this.#codec = codec
    this.channel.start(this)
  }

  /** As `Channel.send`. */
  sendFrame(bytes: Uint8Array): boolean {
    return this.maybePlain ? this.sendPlain([{ netState: netStates.frame, data: bytes }]) : this.channel.send(bytes)
  }

  /** Plain packets in one write, as far as the channel has writes. */
  sendPlain(packets: readonly Packet[]): boolean {
    let room = true
    for (const packet of packets) room = this.addPlain(packet)
    return this.flush() && room
  }

  /** A plain packet that leaves with the next ones, or with `flush`. As `Channel.send`. */
  addPlain(packet: Packet): boolean {
    return this.#codec?.add(packet, this.channel) ?? true
  }

  /** As `Channel.send`. */
  flush(): boolean {
    return this.#codec?.flush(this.channel) ?? true
  }

  message(bytes: Uint8Array): void {
    this.#receiver.came(bytes.length)
    if (this.channel.carries === 'frames') {
      if (bytes.length > linkFrameBytesMax) this.#receiver.fault(new WireFault('too-long', `a link frame of ${bytes.length} bytes`))
      else this.#receiver.frame(bytes)
    } else {
      for (const packet of this.#codec?.read(bytes) ?? []) this.#packet(packet)
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
