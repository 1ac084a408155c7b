import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hexOf } from '../../src/bytes/hex-of.ts'
import {
  broadcastBytesMax,
  decodeMessage,
  encodeMessage,
  messageBytesMax,
  partsMax,
  recipientsMax,
  type MessageBody,
} from '../../src/messages/message-codec.ts'
import { meshErrorOf } from '../mesh/mesh-error-of.ts'

const id = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(hexOf)
const member = fc.stringMatching(/^k[a-z2-7]{26}(\.[a-z2-7]{4})?$/)
const part = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.uint8Array(),
  fc.double(),
  fc.bigInt(),
  fc.constantFrom(true, null, undefined),
  fc.array(fc.string()),
)
const body: fc.Arbitrary<MessageBody> = fc.record({
  id,
  sentAt: fc.nat({ max: 2 ** 48 - 1 }),
  inReplyTo: fc.option(id, { nil: undefined }),
  to: fc.option(fc.array(member, { minLength: 1, maxLength: recipientsMax }), { nil: undefined }),
  parts: fc.array(part, { maxLength: 20 }),
})

const sample: MessageBody = {
  id: '00112233445566778899aabbccddeeff',
  sentAt: 1_767_225_600_000,
  inReplyTo: undefined,
  parts: ['ä', Uint8Array.of(1, 2)],
}

describe('the body of a message', () => {
  it('PY-29 is what it was, text as text, bytes as bytes, and values as what they are', () => {
    fc.assert(
      fc.property(body, (given) => {
        expect(decodeMessage(encodeMessage(given))).toEqual(given)
      }),
    )
  })

  it('has this form', () => {
    expect(hexOf(encodeMessage(sample))).toBe(`01${sample.id}019b76daa800000102c3a400020102`)
  })

  it('cut at any byte it is none, or has fewer parts; any bytes are survived', () => {
    const whole = encodeMessage(sample)
    for (let length = 0; length < whole.length; length += 1) {
      expect(decodeMessage(whole.subarray(0, length))?.parts.length ?? 0).toBeLessThan(sample.parts.length)
    }
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void decodeMessage(bytes)))
  })

  it('with more parts than anybody sends, or with recipients that are no members, is none', () => {
    const whole = encodeMessage({ ...sample, parts: Array.from({ length: partsMax }, () => '') })
    expect(decodeMessage(whole)?.parts.length).toBe(partsMax)
    expect(decodeMessage(Uint8Array.of(...whole, 0, 0))).toBeUndefined()
    const who = `k${'a'.repeat(26)}`
    expect(decodeMessage(encodeMessage({ ...sample, to: [who] }))?.to).toEqual([who])
    expect(decodeMessage(encodeMessage({ ...sample, to: [who, '<b>Ada</b>'] }))).toBeUndefined()
  })

  it('is bounded, and takes only text and bytes', () => {
    const long = { ...sample, inReplyTo: sample.id, parts: [new Uint8Array(8_000), 'x'.repeat(8_000)] }
    expect(decodeMessage(encodeMessage(long))).toEqual(long)
    const parts = [new Uint8Array(messageBytesMax)]
    expect(meshErrorOf(() => encodeMessage({ ...sample, parts })).code).toBe('TOO_LARGE')
    expect(meshErrorOf(() => encodeMessage({ ...sample, parts: [new Uint8Array(broadcastBytesMax)] }, broadcastBytesMax)).code).toBe(
      'TOO_LARGE',
    )
    expect(meshErrorOf(() => encodeMessage({ ...sample, parts: Array.from({ length: partsMax + 1 }, () => '') })).code).toBe('TOO_LARGE')
    const wrong = [Symbol('x') as unknown as string]
    expect(meshErrorOf(() => encodeMessage({ ...sample, parts: wrong })).code).toBe('INVALID_OPTION')
  })
})
