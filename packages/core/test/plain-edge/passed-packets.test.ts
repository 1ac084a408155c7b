import { describe, expect, it } from 'vitest'
import { PassedPackets, passesMax, passesWithinMs } from '../../src/plain-edge/passed-packets.ts'

const packet = (number: number) => ({ srcAddr: 'a', destAddr: 'b', contextID: 7, data: new TextEncoder().encode(`words ${number}`) })

describe('packets that passed (L14)', () => {
  it('the same packet passes a few times and again when it rested, whatever passes in between', () => {
    const passed = new PassedPackets()
    for (let pass = 0; pass < passesMax; pass++) expect(passed.pass(packet(0), pass)).toBe(true)
    for (let other = 1; other <= 500; other++) expect(passed.pass(packet(other), 5)).toBe(true)
    expect(passed.pass(packet(0), 10)).toBe(false)
    expect(passed.pass({ ...packet(0), contextID: 8 }, 10)).toBe(true)
    expect(passed.pass({ ...packet(0), service: 'x' }, 10)).toBe(true)
    expect(passed.pass(packet(0), passesWithinMs)).toBe(true)
    expect(passed.pass(packet(0), passesWithinMs)).toBe(false)
  })

  it('a thousand packets in a circle are all noticed', () => {
    const passed = new PassedPackets()
    const passes = Array.from({ length: passesMax + 1 }, (_, round) => {
      let count = 0
      for (let number = 0; number < 1_000; number++) if (passed.pass(packet(number), round * 100 + number / 20)) count++
      return count
    })
    expect(passes).toEqual([...Array.from({ length: passesMax }, () => 1_000), 0])
  })
})
