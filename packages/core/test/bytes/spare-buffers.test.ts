import { describe, expect, it } from 'vitest'
import { giveBack, spareBuffer } from '../../src/bytes/spare-buffers.ts'

/** Takes all that are spare, so that the next one is fresh. */
function drain(size: number): void {
  for (let index = 0; index < 100; index += 1) spareBuffer(size)
}

describe('spare buffers', () => {
  it.each([8, 512, 513, 16_000, 17_408, 17_409, 65_000])('of %i bytes come back', (size) => {
    drain(size)
    const bytes = spareBuffer(size)
    expect(bytes.length).toBeGreaterThanOrEqual(size)
    giveBack(bytes.subarray(1, 5))
    expect(spareBuffer(size).buffer).toBe(bytes.buffer)
    expect(spareBuffer(size).buffer).not.toBe(bytes.buffer)
  })

  it('are large enough, whatever was given back before', () => {
    drain(513)
    giveBack(spareBuffer(600))
    for (const size of [40_000, 65_001, 200_000]) expect(spareBuffer(size).length).toBeGreaterThanOrEqual(size)
  })

  it('are few, and none of another size', () => {
    for (const size of [512, 17_408, 65_000]) {
      drain(size)
      const given = Array.from({ length: 100 }, () => new Uint8Array(size))
      for (const bytes of given) giveBack(bytes)
      const spares = new Set(Array.from({ length: 100 }, () => spareBuffer(size).buffer))
      expect(spares.size).toBe(100)
      const kept = given.filter(({ buffer }) => spares.has(buffer)).length
      expect(kept).toBeGreaterThan(0)
      expect(kept).toBeLessThanOrEqual(64)
    }
    for (const size of [0, 100, 5_000, 20_481, 65_001]) {
      const strange = new Uint8Array(size)
      giveBack(strange)
      for (let index = 0; index < 10; index += 1) {
        for (const asked of [512, 513, 17_409, size]) expect(spareBuffer(asked).buffer).not.toBe(strange.buffer)
      }
    }
  })
})
