import type { Packet } from '../wire/packet.ts'

/** One packet may pass so often … */
export const passesMax = 3
/** … within this time. */
export const passesWithinMs = 2_000
/** Packets that are remembered; beyond, the oldest are forgotten. */
const packetsMax = 4_096

/**
 * L14: packets of plain nodes have no hop limit, so one that goes from plain nodes to plain nodes is known again when it
 * comes back. Who sends the same words so often by intention is taken for a loop, too: nothing in them tells the two apart.
 */
export class PassedPackets {
  readonly #passes = new Map<number, number[]>()

  /** Whether it may pass once more. */
  pass(packet: Packet, now: number): boolean {
    const hash = hashOf(packet)
    const known = this.#passes.get(hash)
    const recent = known?.filter((at) => now - at < passesWithinMs) ?? []
    // The map's order is that of the last pass.
    if (known) this.#passes.delete(hash)
    else if (this.#passes.size >= packetsMax) this.#passes.delete(this.#passes.keys().next().value as number)
    this.#passes.set(hash, recent)
    if (recent.length >= passesMax) return false
    recent.push(now)
    return true
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
