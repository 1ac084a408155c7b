import { describe, expect, it } from 'vitest'
import { loadFromWire, loadToWire } from '../../src/services/load.ts'
import { meshErrorOf } from '../mesh/mesh-error-of.ts'

describe('load', () => {
  it.each([
    [0, 1],
    [1, 127],
    [0.5, 64],
  ])('%f is %i on the wire', (load, wire) => {
    expect(loadToWire(load)).toBe(wire)
    expect(loadFromWire(wire)).toBeCloseTo(load)
  })

  it('everybody else reads as idle to full', () => {
    expect([0, 1, 127, 128, 65_535].map(loadFromWire)).toEqual([0, 0, 1, 1, 1])
  })

  it.each([-0.1, 1.1, Number.NaN, '1' as unknown as number])('%s is refused', (load) => {
    expect(meshErrorOf(() => loadToWire(load)).code).toBe('INVALID_OPTION')
  })
})
