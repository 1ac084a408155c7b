import { describe, expect, it } from 'vitest'
import { nodeDice } from '../src/system-ports.ts'

describe('chance of Node.js', () => {
  it('numbers lie between 0 and 1, fill all of it evenly and are never the same', () => {
    const numbers = Array.from({ length: 10_000 }, () => nodeDice.random())
    expect(new Set(numbers).size).toBe(numbers.length)
    const tenths = Array.from({ length: 10 }, (_, tenth) => numbers.filter((number) => Math.floor(number * 10) === tenth).length)
    expect(tenths.reduce((sum, count) => sum + count)).toBe(numbers.length)
    // Ten standard deviations.
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(300)
  })
})
