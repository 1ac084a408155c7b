import { describe, expect, it } from 'vitest'
import { decodeControlFlags, encodeControlFlags, isCleanControlWord } from '../../src/wire/control-flags.ts'
import { crc32 } from '../../src/wire/crc32.ts'
import { hamming } from './vectors.ts'

describe('ALN-32 control word', () => {
  it('ALN-32 has the table of every stack', () => {
    let table = ''
    for (let flags = 0; flags < 2_048; flags++) table += encodeControlFlags(flags).toString(16).padStart(4, '0')
    expect(table).toBe(hamming.encodedHex)
  })

  it('ALN-32 mends each of the 16 × 2048 single-bit errors', () => {
    let mended = 0
    for (let flags = 0; flags < 2_048; flags++) {
      const word = encodeControlFlags(flags)
      expect(isCleanControlWord(word)).toBe(true)
      for (let bit = 0; bit < 16; bit++) {
        const flipped = word ^ (1 << bit)
        if (decodeControlFlags(flipped) === flags && !isCleanControlWord(flipped)) mended++
      }
    }
    expect(mended).toBe(16 * 2_048)
  })

  it('ALN-32 computes the CRC-32 of zlib, in one go or in two', () => {
    const bytes = new TextEncoder().encode('123456789')
    expect(crc32(bytes)).toBe(0xcbf43926)
    expect(crc32(bytes, 4, 9, crc32(bytes, 0, 4))).toBe(0xcbf43926)
  })
})
