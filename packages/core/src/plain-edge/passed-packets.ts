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

  /** Whether it may pass once more. */
  pass(packet: Packet, now: number): boolean {
    if (this.#hashes.length === 0) this.#makeRoom()
    const hash = hashOf(packet)
    const place = this.#placeOf(hash)
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

  /** Most nodes have no plain neighbours. */
  #makeRoom(): void {
    this.#hashes = new Float64Array(packetsMax).fill(-1)
    this.#times = new Float64Array(packetsMax * passesMax).fill(Number.NEGATIVE_INFINITY)
    this.#lastAt = new Float64Array(packetsMax).fill(Number.NEGATIVE_INFINITY)
  }

  #placeOf(hash: number): number {
    // The upper bits of a product depend on all bits of its factors.
    const first = (Math.imul(hash % 0x1_0000_0000, 0x9e37_79b1) >>> 23) * besideMax
    let place = first
    for (let at = first; at < first + besideMax; at += 1) {
      if (this.#hashes[at] === hash) return at
      if (this.#lastAt[at]! < this.#lastAt[place]!) place = at
    }
    this.#hashes[place] = hash
    this.#times.fill(Number.NEGATIVE_INFINITY, place * passesMax, (place + 1) * passesMax)
    return place
  }
}

/** Over what stays the same from hop to hop, in 53 bits: two halves with different beginnings and factors. */
function hashOf({ srcAddr, destAddr, service, contextID, seqNum, ackBlock, data }: Packet): number {
  let high = hashText(0x811c_9dc5, highFactor, srcAddr, destAddr, service, typeof data === 'string' ? data : '')
  let low = hashText(0x1234_5678, lowFactor, srcAddr, destAddr, service, typeof data === 'string' ? data : '')
  for (const number of [contextID, seqNum, ackBlock]) {
    high = mixed(high, number ?? 0, highFactor)
    low = mixed(low, number ?? 0, lowFactor)
  }
  if (!(data instanceof Uint8Array)) return (high >>> 11) * 0x1_0000_0000 + (low >>> 0)
  let at = 0
  for (; at + 4 <= data.length; at += 4) {
    const word = data[at]! | (data[at + 1]! << 8) | (data[at + 2]! << 16) | (data[at + 3]! << 24)
    high = mixed(high, word, highFactor)
    low = mixed(low, word, lowFactor)
  }
  for (; at < data.length; at += 1) {
    high = mixed(high, data[at]!, highFactor)
    low = mixed(low, data[at]!, lowFactor)
  }
  high = mixed(high, data.length, highFactor)
  return (high >>> 11) * 0x1_0000_0000 + (low >>> 0)
}

const highFactor = 0x0100_0193
const lowFactor = 0x85eb_ca6b

function hashText(start: number, factor: number, ...texts: readonly (string | undefined)[]): number {
  let hash = start
  for (const text of texts) {
    for (let at = 0; at < (text?.length ?? 0); at += 1) hash = mixed(hash, text!.charCodeAt(at), factor)
    hash = mixed(hash, -1, factor)
  }
  return hash
}

/** FNV-1a by words, with its upper bits folded down: a word changes all later bits. */
function mixed(hash: number, word: number, factor: number): number {
  const product = Math.imul(hash ^ word, factor)
  return product ^ (product >>> 15)
}
