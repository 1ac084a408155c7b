import { describe, expect, it } from 'vitest'
import { FramedPackets, frameRoom } from '../../src/wire/framed-packets.ts'
import { frame } from '../../src/wire/kiss.ts'
import type { Packet } from '../../src/wire/packet.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'

/** What each of the flushes gave, copied: the frames may not be kept. */
function written(packets: readonly Packet[]): Uint8Array[] {
  const framed = new FramedPackets()
  const out: Uint8Array[] = []
  const flush = (): boolean => framed.flush((frames) => out.push(frames.slice()) > 0)
  for (const packet of packets) {
    if (framed.add(packet)) continue
    flush()
    expect(framed.add(packet)).toBe(true)
  }
  flush()
  return out
}

function expected(packets: readonly Packet[]): Uint8Array {
  return Uint8Array.from(packets.flatMap((packet) => [...frame(encodePacket(packet))]))
}

describe('packets on their way to a stream', () => {
  it('ALN-33 are the frames of their bytes, whatever these are and wherever they stand', () => {
    const packets: Packet[] = []
    for (const fragile of [0xc0, 0xdb, 0xc3, 0xff]) {
      for (let length = 0; length < 12; length++) {
        for (let at = 0; at < length; at++) packets.push({ srcAddr: 'a', data: new Uint8Array(length).fill(7).fill(fragile, at, at + 1) })
        packets.push({ srcAddr: 'a', destAddr: 'Köln', contextID: 0xc0db, seqNum: 0xdbc0, data: new Uint8Array(length).fill(fragile) })
      }
    }
    const [all, ...more] = written(packets)
    expect(more).toEqual([])
    expect(all).toEqual(expected(packets))
  })

  it('leave in pieces that hold whole frames, each in memory of the one before', () => {
    const packets = Array.from({ length: 300 }, (_, at) => ({ srcAddr: 'a', contextID: at, data: new Uint8Array(1_000).fill(at) }))
    const pieces = written(packets)
    expect(pieces.length).toBeGreaterThan(10)
    for (const piece of pieces) expect(piece.at(-1)).toBe(0xc0)
    expect(Uint8Array.from(pieces.flatMap((piece) => [...piece]))).toEqual(expected(packets))
  })

  it('one that is larger than all others together before it leaves alone', () => {
    const large = { srcAddr: 'a', data: new Uint8Array(65_535).fill(0xc0) }
    const pieces = written([{ srcAddr: 'a' }, large, { srcAddr: 'b' }])
    expect(pieces.map(({ length }) => length)).toEqual([5, expected([large]).length, 5])
    expect(expected([large]).length).toBeLessThanOrEqual(frameRoom(large))
  })

  it('one that cannot be written leaves the others as they are', () => {
    const framed = new FramedPackets()
    framed.add({ srcAddr: 'a' })
    expect(() => framed.add({ srcAddr: 'b', service: 'x'.repeat(256) })).toThrow('service takes more than 255 bytes')
    framed.add({ srcAddr: 'c' })
    const out: Uint8Array[] = []
    expect(framed.flush((frames) => out.push(frames.slice()) === 0)).toBe(false)
    expect(out).toEqual([expected([{ srcAddr: 'a' }, { srcAddr: 'c' }])])
    expect(framed.flush(() => false)).toBe(true)
  })
})
