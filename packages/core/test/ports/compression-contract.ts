import { expect, it } from 'vitest'
import type { Compression } from '../../src/ports/compression.ts'

/** What every compression promises, whoever sent what it is given. */
export function compressionContract(name: string, compression: Compression): void {
  const text = new TextEncoder().encode('the same words again and again. '.repeat(4_000))

  it(`PY-27 ${name}: what was deflated becomes what it was, in fewer bytes`, async () => {
    const deflated = await compression.deflate(text)
    expect(deflated.length).toBeLessThan(text.length / 20)
    const inflated = await compression.inflate(deflated, text.length)
    expect(inflated).toEqual(text)
    expect(Object.getPrototypeOf(inflated)).toBe(Uint8Array.prototype)
    expect(await compression.inflate(await compression.deflate(new Uint8Array()), 10)).toEqual(new Uint8Array())
  })

  it(`PY-27 ${name}: nothing longer than asked for, and nothing damaged`, async () => {
    const deflated = await compression.deflate(text)
    expect(await compression.inflate(deflated, text.length - 1)).toBeUndefined()
    for (const bytes of [deflated.subarray(0, 50), new Uint8Array(100).fill(255), new Uint8Array()])
      expect(await compression.inflate(bytes, text.length)).toBeUndefined()
    expect(await compression.inflate(deflated, text.length)).toEqual(text)
  })
}
