import { giveBack, spareBuffer } from '../bytes/spare-buffers.ts'
import { escapeInPlace, escapesIn, kissEnd } from './kiss.ts'
import type { Packet } from './packet.ts'
import { encodePacketInto, packetRoom } from './packet-codec.ts'

/** What leaves at a time, unless one packet needs more. */
const framesBytesMax = 16_384
const nowhere = new Uint8Array(0)
const noWords = new DataView(nowhere.buffer)

/** Packets on their way to a stream of bytes: KISS frames one behind the other, in memory that others had before. */
export class FramedPackets {
  #out: Uint8Array = nowhere
  #words: DataView = noWords
  #used = 0

  /** False: there is no room beside what was added before, which has to leave first. Throws as `encodePacket`. */
  add(packet: Packet): boolean {
    const start = this.#used
    const needed = start + frameRoom(packet)
    if (needed > this.#out.length) {
      if (start > 0 && needed > framesBytesMax) return false
      this.#grow(start > 0 ? framesBytesMax : needed)
    }
    const end = encodePacketInto(packet, this.#out, start)
    const escapes = escapesIn(this.#words, start, end)
    if (escapes > 0) escapeInPlace(this.#out, start, end, escapes)
    this.#out[end + escapes] = kissEnd
    this.#used = end + escapes + 1
    return true
  }

  /** Most links have one packet to send in a turn, which needs little. */
  #grow(size: number): void {
    const before = this.#out
    this.#out = spareBuffer(size)
    this.#words = new DataView(this.#out.buffer)
    this.#out.set(before.subarray(0, this.#used))
    giveBack(before)
  }

  /** Gives the frames to `send`, which may not keep them, and answers as it does. True: there are none. */
  flush(send: (frames: Uint8Array) => boolean): boolean {
    if (this.#used === 0) return true
    const out = this.#out
    const frames = out.subarray(0, this.#used)
    this.#out = nowhere
    this.#words = noWords
    this.#used = 0
    const room = send(frames)
    giveBack(out)
    return room
  }
}

/** Surely enough for its frame: every byte may become two. */
export function frameRoom(packet: Packet): number {
  return 2 * packetRoom(packet) + 1
}
