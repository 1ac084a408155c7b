// Well-formed and untrue: what a capable neighbour may say after an honest handshake.
import { encodePacket, frameKinds } from '@hopmesh/core'

/** A link frame of small packets for addresses that nobody has. */
export function packetsToNowhere(salt: number): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(frameKinds.packets)]
  for (let at = 0; at < 200; at++) {
    const aln = encodePacket({ srcAddr: 'somebody', destAddr: `nobody${(salt + at) % 1_000}`, contextID: 7, data: new Uint8Array(16) })
    parts.push(Uint8Array.of(aln.length + 2, 32, 0), aln)
  }
  return Buffer.concat(parts)
}

/** The plain text of a control frame: 1 200 routes of one hop, under numbers of the far future, to names that nobody ever had. */
export function lies(salt: number): Uint8Array {
  const count = 1_200
  const rows: Uint8Array[] = []
  for (let at = 0; at < count; at++) {
    const name = new TextEncoder().encode(`lie-${salt}-${at}`)
    // A new name, no flags, number 2^40 as zigzag varint, metric 1, one hop.
    rows.push(Uint8Array.of(0, name.length), name, Uint8Array.of(0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40, 1, 1))
  }
  // Type routes; first, last and reset; the count as varint.
  const item = Buffer.concat([Uint8Array.of(1, 2 | 4 | 8, (count & 0x7f) | 0x80, count >> 7), ...rows])
  return Buffer.concat([Uint8Array.of((item.length & 0x7f) | 0x80, ((item.length >> 7) & 0x7f) | 0x80, item.length >> 14), item])
}
