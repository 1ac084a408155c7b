import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { RangeSet } from '../../src/bytes/range-set.ts'

const operations = fc.array(
  fc.record({ add: fc.boolean(), start: fc.integer({ min: 0, max: 60 }), length: fc.integer({ min: 0, max: 12 }) }),
  { maxLength: 40 },
)

it('ranges hold what a set of numbers holds, sorted, disjoint and never touching', () => {
  fc.assert(
    fc.property(operations, (steps) => {
      const ranges = new RangeSet()
      const model = new Set<number>()
      for (const { add, start, length } of steps) {
        if (add) ranges.add(start, start + length)
        else ranges.remove(start, start + length)
        for (let value = start; value < start + length; value += 1)
          if (add) model.add(value)
          else model.delete(value)
      }
      const held = ranges.ranges().flatMap(({ start, end }) => Array.from({ length: end - start }, (_, index) => start + index))
      expect(held).toEqual([...model].sort((a, b) => a - b))
      for (let value = 0; value < 75; value += 1) expect(ranges.has(value)).toBe(model.has(value))
      ranges.ranges().forEach(({ start, end }, index, all) => {
        expect(start).toBeLessThan(end)
        if (index > 0) expect(all[index - 1]!.end).toBeLessThan(start)
      })
      for (const { start, length } of steps) {
        const inside = Array.from({ length }, (_, index) => start + index).every((value) => model.has(value))
        expect(ranges.covers(start, start + length)).toBe(inside)
      }
    }),
    { numRuns: 300 },
  )
})

it('the lowest ranges are forgotten first', () => {
  const ranges = new RangeSet()
  for (let start = 0; start < 50; start += 10) ranges.add(start, start + 2)
  ranges.keepHighest(2)
  expect(ranges.ranges()).toEqual([
    { start: 30, end: 32 },
    { start: 40, end: 42 },
  ])
})
