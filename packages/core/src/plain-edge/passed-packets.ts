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
    const recent = (this.#passes.get(hash) ?? []).filter((at) => now - at < passesWithinMs)
    // The map's order is that of the last pass.
    this.#passes.delete(hash)
    if (this.#passes.size >= packetsMax) this.#passes.delete(this.#passes.keys().next().value as number)
    this.#passes.set(hash, recent)
    if (recent.length >= passesMax) return false
    recent.push(now)
    return true
  }
}

/** FNV-1a over what stays the same from hop to hop, in 53 bits: two halves with different beginnings. */
function hashOf({ srcAddr, destAddr, service, contextID, seqNum, ackBlock, data }: Packet): number {
  let high = 0x811c_9dc5
  let low = 0x1234_5678
  const add = (value: number): void => {
    high = Math.imul(high ^ value, 0x0100_0193)
    low = Math.imul(low ^ value, 0x0100_0193)
  }
  for (const text of [srcAddr, destAddr, service, typeof data === 'string' ? data : '']) {
    for (let at = 0; at < (text?.length ?? 0); at += 1) add(text!.charCodeAt(at))
    add(-1)
  }
  for (const number of [contextID, seqNum, ackBlock]) add(number ?? 0)
  if (data instanceof Uint8Array) for (const byte of data) add(byte)
  return (high >>> 11) * 0x1_0000_0000 + (low >>> 0)
}
