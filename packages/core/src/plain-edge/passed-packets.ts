import type { Packet } from '../wire/packet.ts'

/** One packet may pass so often … */
export const passesMax = 3
/** … within this time. */
export const passesWithinMs = 2_000
/** Packets that are remembered, so many beside each other; the one that passed longest ago makes room for the next. */
const besideMax = 8
const packetsMax = 512 * besideMax

/**
 * L14: packets of plain nodes have no hop limit, so one that goes from plain nodes to plain nodes is known again when it
 * comes back. Who sends the same words so often by intention is taken for a loop, too: nothing in them tells the two apart.
 * Arrays instead of a map, because every packet of a plain node passes here.
 */
export class PassedPackets {
  #hashes = new Float64Array(0)
  /** The last `passesMax` passes of each, in any order. */
  #times = new Float64Array(0)
  #lastAt = new Float64Array(0)
  /** Of what came last: packets that came together are in one buffer. */
  #words: DataView = new DataView(new ArrayBuffer(0))

  /** Whether it may pass once more. */
  pass(packet: Packet, now: number): boolean {
    if (this.#hashes.length === 0) this.#makeRoom()
    const hash = this.#hashOf(packet)
    // Of the lower half: the upper bits of a product depend on all bits of its factors.
    const first = (Math.imul(hash, 0x9e37_79b1) >>> 23) * besideMax
    let place = first
    while (place < first + besideMax && this.#hashes[place] !== hash) place += 1
    if (place < first + besideMax) return this.#passAgain(place, now)
    this.#remember(first, hash, now)
    return true
  }

  #passAgain(place: number, now: number): boolean {
    let recent = 0
    let oldest = place * passesMax
    for (let at = place * passesMax; at < (place + 1) * passesMax; at += 1) {
      if (now - this.#times[at]! < passesWithinMs) recent += 1
      if (this.#times[at]! < this.#times[oldest]!) oldest = at
    }
    this.#lastAt[place] = now
    if (recent >= passesMax) return false
    this.#times[oldest] = now
    return true
  }

  #remember(first: number, hash: number, now: number): void {
    let place = first
    for (let at = first; at < first + besideMax; at += 1) if (this.#lastAt[at]! < this.#lastAt[place]!) place = at
    this.#hashes[place] = hash
    this.#lastAt[place] = now
    this.#times[place * passesMax] = now
    for (let at = place * passesMax + 1; at < (place + 1) * passesMax; at += 1) this.#times[at] = Number.NEGATIVE_INFINITY
  }

  /** Most nodes have no plain neighbours. */
  #makeRoom(): void {
    this.#hashes = new Float64Array(packetsMax).fill(-1)
    this.#times = new Float64Array(packetsMax * passesMax).fill(Number.NEGATIVE_INFINITY)
    this.#lastAt = new Float64Array(packetsMax).fill(Number.NEGATIVE_INFINITY)
  }

  /** Over what stays the same from hop to hop, in 53 bits. */
  #hashOf({ srcAddr, destAddr, service, contextID, seqNum, ackBlock, data }: Packet): number {
    const names = withText(withText(withText(0x811c_9dc5, srcAddr), destAddr), service)
    const head = mixed(mixed(mixed(names, contextID ?? 0), seqNum ?? 0), ackBlock ?? 0)
    if (data === undefined) return joined(head, ~head)
    if (typeof data === 'string') return joined(withText(head, data), ~head)
    if (this.#words.buffer !== data.buffer) this.#words = new DataView(data.buffer)
    return hashOfBytes(head, this.#words, data)
  }
}

/** Four parts take turns at the words: none waits for what the one before it has computed. */
function hashOfBytes(head: number, words: DataView, bytes: Uint8Array): number {
  let one = head
  let two = ~head
  let three = bytes.length
  let four = 0
  let at = bytes.byteOffset
  const end = at + bytes.length
  for (; at + 16 <= end; at += 16) {
    one = mixed(one, words.getInt32(at))
    two = mixed(two, words.getInt32(at + 4))
    three = mixed(three, words.getInt32(at + 8))
    four = mixed(four, words.getInt32(at + 12))
  }
  for (; at < end; at += 1) one = mixed(one, words.getUint8(at))
  return joined(mixed(one, two), mixed(three, four))
}

function joined(high: number, low: number): number {
  return (mixed(high, low) >>> 11) * 0x1_0000_0000 + (mixed(low, high) >>> 0)
}

function withText(start: number, text = ''): number {
  let hash = start
  for (let at = 0; at < text.length; at += 1) hash = mixed(hash, text.charCodeAt(at))
  return mixed(hash, -1)
}

/** FNV-1a by words, with its upper bits folded down: a word changes all later bits. */
function mixed(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x0100_0193)
  return product ^ (product >>> 15)
}
