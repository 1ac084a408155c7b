import { giveBack, spareBuffer } from '../bytes/spare-buffers.ts'
import { escapeInPlace, escapesIn, kissEnd } from './kiss.ts'
import type { Packet } from './packet.ts'
import { encodePacketInto, packetRoom } from './packet-codec.ts'

/** What leaves at a time, unless one packet needs more. */
const framesBytesMax = 16_384
const nowhere = new Uint8Array(0)

/** Packets on their way to a stream of bytes: KISS frames one behind the other, in memory that others had before. */
export class FramedPackets {
  #out: Uint8Array = nowhere
  #words: DataView = new DataView(nowhere.buffer)
  #used = 0

  /** False: there is no room beside what was added before, which has to leave first. Throws as `encodePacket`. */
  add(packet: Packet): boolean {
    const start = this.#used
    const room = frameRoom(packet)
    if (start + room > this.#out.length) {
      if (start > 0) return false
      giveBack(this.#out)
      this.#out = spareBuffer(Math.max(room, framesBytesMax))
      this.#words = new DataView(this.#out.buffer)
    }
    const end = encodePacketInto(packet, this.#out, start)
    const escapes = escapesIn(this.#words, start, end)
    if (escapes > 0) escapeInPlace(this.#out, start, end, escapes)
    this.#out[end + escapes] = kissEnd
    this.#used = end + escapes + 1
    return true
  }

  /** Gives the frames to `send`, which may not keep them, and answers as it does. True: there are none. */
  flush(send: (frames: Uint8Array) => boolean): boolean {
    if (this.#used === 0) return true
    const out = this.#out
    const frames = out.subarray(0, this.#used)
    this.#out = nowhere
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
