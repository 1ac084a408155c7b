import { describe, expect, it } from 'vitest'
import { SeededDice } from '../../src/testing/seeded-dice.ts'

const rolls = (dice: SeededDice, count = 8): number[] => Array.from({ length: count }, () => dice.uint32())

describe('seeded dice', () => {
  it('ALN-42 the same seed rolls the same, another seed differently', () => {
    expect(rolls(new SeededDice(7))).toEqual(rolls(new SeededDice('7')))
    expect(rolls(new SeededDice(7))).not.toEqual(rolls(new SeededDice(8)))
    expect(new SeededDice(7).bytes(32)).toEqual(new SeededDice(7).bytes(32))
  })

  it('ALN-42 a fork does not depend on what the others rolled', () => {
    const dice = new SeededDice(7)
    const before = rolls(dice.fork('node 1'))
    rolls(dice, 100)
    expect(rolls(dice.fork('node 1'))).toEqual(before)
    expect(rolls(dice.fork('node 2'))).not.toEqual(before)
  })

  it('ALN-42 values spread evenly', () => {
    const dice = new SeededDice('spread')
    const buckets = Array.from({ length: 10 }, () => 0)
    for (let roll = 0; roll < 100_000; roll += 1) {
      const bucket = Math.floor(dice.random() * 10)
      buckets[bucket] = (buckets[bucket] ?? 0) + 1
    }
    for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500)
    expect(new Set(dice.bytes(4_096)).size).toBe(256)
    const faces = new Set(Array.from({ length: 500 }, () => dice.between(1, 6)))
    expect(faces).toEqual(new Set([1, 2, 3, 4, 5, 6]))
    expect(() => dice.pick([])).toThrow(RangeError)
  })
})
