import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeAccept, decodeOpen, encodeAccept, encodeOpen, headBytesMax, shownFileName } from '../../src/streams/stream-heads.ts'
import { isWireFault } from '../../src/wire/wire-fault.ts'
import { fileHash } from '../../src/streams/file-hash.ts'
import { openSource, type SizedSource } from '../../src/streams/stream-source.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { toyCrypto } from '../../src/testing/toy-crypto.ts'
import { noise, seekable } from './stream-samples.ts'

/** Behind the length, which is one byte here. */
const bare = (bytes: Uint8Array): Uint8Array => bytes.subarray(1)

describe('heads of streams', () => {
  it('ST1 what is written is read', () => {
    const file = { id: '7 hill.jpg', type: 'image/jpeg', size: 2 ** 40, name: 'Hügel.jpg' }
    expect(decodeOpen(bare(encodeOpen({ name: 'upper', file: undefined })))).toEqual({ name: 'upper', file: undefined })
    expect(decodeOpen(bare(encodeOpen({ name: 'file', file })))).toEqual({ name: 'file', file })
    const accept = { resumable: true, offset: 2 ** 33, hash: noise(32) }
    expect(decodeAccept(bare(encodeAccept(accept)))).toEqual(accept)
    expect(decodeAccept(bare(encodeAccept({ resumable: false, offset: 0, hash: undefined })))).toEqual({
      resumable: false,
      offset: 0,
      hash: undefined,
    })
  })

  it('ST1 any bytes are a head or a fault, and nothing throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        for (const decoded of [decodeOpen(bytes), decodeAccept(bytes)]) expect(typeof decoded).toBe('object')
        expect(isWireFault(decodeOpen(Uint8Array.of(2, ...bytes)))).toBe(true)
        expect(isWireFault(decodeAccept(Uint8Array.of(4, ...bytes)))).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  it('the longest head that can be said fits what is read', () => {
    const longest = '😀'.repeat(1_000)
    const file = { id: 'i'.repeat(200), type: '😀'.repeat(30), size: Number.MAX_SAFE_INTEGER, name: shownFileName(longest) }
    const head = encodeOpen({ name: 'n'.repeat(100), file })
    expect(head.length).toBeLessThanOrEqual(headBytesMax)
    expect(longest.startsWith(file.name)).toBe(true)
  })
})

describe('the hash of what is there', () => {
  it.each([0, 1, 1_048_575, 1_048_576, 1_048_577, 2_500_000])(
    'ST2 of %d bytes is the same for bytes and pieces, and of no other ones',
    async (size) => {
      const crypto = toyCrypto(new SeededDice(1))
      const content = noise(2_600_000)
      const [bytes, pieces] = [openSource(content), openSource(seekable(content))] as SizedSource[]
      const hash = await fileHash(bytes!, size, crypto)
      expect(hash).toEqual(await fileHash(pieces!, size, crypto))
      if (size === 0) return
      const other = content.slice()
      other[size - 1]! ^= 1
      expect(hash).not.toEqual(await fileHash(openSource(other) as SizedSource, size, crypto))
    },
  )

  it('ST2 is not there beyond the end of a source', async () => {
    expect(await fileHash(openSource('abc') as SizedSource, 4, toyCrypto(new SeededDice(1)))).toBeUndefined()
  })
})
