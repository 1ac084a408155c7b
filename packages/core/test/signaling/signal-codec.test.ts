import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeSignal, encodeSignal, signalBytesMax, type Signal } from '../../src/signaling/signal-codec.ts'

const attempt = '0123456789abcdef'
const text = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

describe('signals', () => {
  it.each<Signal>([
    { type: 'want', attempt },
    { type: 'busy', attempt },
    { type: 'cancel', attempt },
    { type: 'signal', attempt, number: 7, index: 0, capability: 'webrtc', data: '{"sdp":"…"}' },
  ])('$type is what it was', (signal) => {
    expect(decodeSignal(encodeSignal(signal))).toEqual(signal)
  })

  it('what is none is undefined and never throws', () => {
    const bad = [
      null,
      7,
      [],
      {},
      { type: 'want' },
      { type: 'want', attempt: 'zz' },
      { type: 'other', attempt },
      { type: 'signal', attempt, number: -1, index: 0, capability: 'x', data: '' },
      { type: 'signal', attempt, number: 1, index: 0.5, capability: 'x', data: '' },
      { type: 'signal', attempt, number: 1, index: 0, capability: 'x', data: {} },
    ]
    for (const value of bad) expect(decodeSignal(text(value))).toBeUndefined()
    expect(decodeSignal(undefined)).toBeUndefined()
    expect(decodeSignal(text({ type: 'want', attempt, more: 'x'.repeat(signalBytesMax) }))).toBeUndefined()
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void decodeSignal(bytes)))
  })
})
