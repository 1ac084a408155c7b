import { describe, expect, it } from 'vitest'
import { giveBack, spareBuffer } from '../../src/bytes/spare-buffers.ts'

/** Takes all that are spare, so that the next one is fresh. */
function drain(size: number): void {
  for (let index = 0; index < 100; index += 1) spareBuffer(size)
}

describe('spare buffers', () => {
  it.each([8, 512, 513, 16_000, 17_408, 20_480])('of %i bytes come back', (size) => {
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
    expect(spareBuffer(40_000).length).toBeGreaterThanOrEqual(40_000)
  })

  it('are few, and none of another size', () => {
    drain(17_408)
    for (let index = 0; index < 100; index += 1) giveBack(new Uint8Array(17_408))
    const spares = new Set(Array.from({ length: 100 }, () => spareBuffer(17_408).buffer))
    expect(spares.size).toBe(100)
    for (const size of [0, 100, 5_000, 20_481]) {
      const strange = new Uint8Array(size)
      giveBack(strange)
      for (let index = 0; index < 10; index += 1) {
        expect(spareBuffer(512).buffer).not.toBe(strange.buffer)
        expect(spareBuffer(513).buffer).not.toBe(strange.buffer)
      }
    }
  })
})
