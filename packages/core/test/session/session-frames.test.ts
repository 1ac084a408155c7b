import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeFrames, writeFrame, type SessionFrame } from '../../src/session/session-frames.ts'
import { ackRangesMax, datagramBytesMax, framesPerRecordMax, streamReasonBytesMax } from '../../src/session/session-limits.ts'
import { decodeSessionPacket, encodeFirst, encodePieces, writeRecordHead, encodeUnknown } from '../../src/session/session-packet.ts'
import { ByteWriter } from '../../src/wire/bytes.ts'
import { isWireFault, WireFault } from '../../src/wire/wire-fault.ts'

const number = fc.integer({ min: 0, max: 2 ** 48 })
const data = fc.uint8Array({ maxLength: 40 })
const ranges = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 300 })), { minLength: 1, maxLength: ackRangesMax })
  .map((gaps) => {
    let at = 0
    return gaps
      .map(([gap, length]) => {
        const range = { start: at + gap, end: at + gap + length }
        at = range.end
        return range
      })
      .toReversed()
  })
const frame: fc.Arbitrary<SessionFrame> = fc.oneof(
  fc.constant({ kind: 'ping' } as const),
  fc.record({ kind: fc.constant('ack' as const), delayMs: number, ranges }),
  fc.record({ kind: fc.constant('stream' as const), id: number, offset: number, end: fc.boolean(), message: fc.boolean(), data }),
  fc.record({ kind: fc.constant('reset' as const), id: number, code: number, reason: data, size: number }),
  fc.record({ kind: fc.constant('stop' as const), id: number, code: number, reason: data }),
  fc.record({ kind: fc.constant('streamCredit' as const), id: number, most: number }),
  fc.record({ kind: fc.constant('credit' as const), most: number }),
  fc.record({ kind: fc.constant('streamsCredit' as const), most: number }),
  fc.record({ kind: fc.constant('datagram' as const), data }),
  fc.record({ kind: fc.constant('close' as const), code: fc.constant('CLOSED'), text: fc.string({ maxLength: 30, unit: 'grapheme' }) }),
)

function encode(frames: readonly SessionFrame[]): Uint8Array {
  const writer = new ByteWriter()
  for (const each of frames) writeFrame(writer, each)
  return writer.finish()
}

describe('frames of a session', () => {
  it('what is written is read', () => {
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 12 }), (frames) => {
        expect(decodeFrames(encode(frames))).toEqual(frames)
      }),
      { numRuns: 1_000 },
    )
  })

  it('a reason that is too long is a fault', () => {
    const encodeStop = (length: number): Uint8Array => encode([{ kind: 'stop', id: 1, code: 2, reason: new Uint8Array(length) }])
    expect(isWireFault(decodeFrames(encodeStop(streamReasonBytesMax)))).toBe(false)
    expect(isWireFault(decodeFrames(encodeStop(streamReasonBytesMax + 1)))).toBe(true)
  })

  it('every prefix is a fault or a shorter list, and nothing throws', () => {
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 4 }), (frames) => {
        const bytes = encode(frames)
        for (let length = 0; length < bytes.length; length += 1) {
          const read = decodeFrames(bytes.subarray(0, length))
          if (!isWireFault(read)) expect(frames.slice(0, read.length)).toEqual(read)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('bytes that somebody made up are a fault or frames, never an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        const read = decodeFrames(bytes)
        expect(isWireFault(read) || read.length > 0).toBe(true)
      }),
      { numRuns: 5_000 },
    )
  })

  it.each<[string, number[]]>([
    ['no frame at all', []],
    ['a type that nobody knows', [99]],
    ['type 0', [0]],
    ['a range below 0', [2, 3, 0, 0, 9]],
    ['more ranges than are allowed', [2, 200, 1, 0, ackRangesMax, 0]],
    ['a billion ranges', [2, 200, 1, 0, 0xff, 0xff, 0xff, 0xff, 0x7f, 0]],
    ['unknown flags', [3, 4, 0, 0, 0]],
    ['data that ends early', [3, 0, 0, 0, 5, 1]],
    ['a length of 2^48', [9, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f]],
    ['a stream beyond 2^53', [3, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 1, 7]],
    ['text that is not UTF-8', [10, 1, 0xff, 0]],
  ])('%s is a fault', (_, bytes) => {
    expect(decodeFrames(Uint8Array.from(bytes))).toBeInstanceOf(WireFault)
  })

  it('more frames than a record may have, and a datagram that is too long, are faults', () => {
    expect(decodeFrames(new Uint8Array(framesPerRecordMax).fill(1))).toHaveLength(framesPerRecordMax)
    expect(decodeFrames(new Uint8Array(framesPerRecordMax + 1).fill(1))).toBeInstanceOf(WireFault)
    expect(decodeFrames(encode([{ kind: 'datagram', data: new Uint8Array(datagramBytesMax) }]))).toHaveLength(1)
    expect(decodeFrames(encode([{ kind: 'datagram', data: new Uint8Array(datagramBytesMax + 1) }]))).toBeInstanceOf(WireFault)
  })
})

describe('packets of a session', () => {
  const id = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)

  it('each kind is read as it was written', () => {
    expect(decodeSessionPacket(encodeFirst(id, new Uint8Array(16).fill(3), Uint8Array.of(9)))).toEqual({
      kind: 'first',
      id,
      keyHash: new Uint8Array(16).fill(3),
      message: Uint8Array.of(9),
    })
    expect(decodeSessionPacket(encodeUnknown(id))).toEqual({ kind: 'unknown', id })
    const record = Uint8Array.of(...writeRecordHead(new ByteWriter(), id, 2 ** 48 - 1).finish(), 7)
    expect(decodeSessionPacket(record)).toEqual({ kind: 'record', id, number: 2 ** 48 - 1, sealed: Uint8Array.of(7) })
  })

  it('a message of a handshake travels in as many pieces as it needs', () => {
    const message = Uint8Array.from({ length: 33_000 }, (_, index) => index % 251)
    const pieces = encodePieces('second', id, message).map((packet) => decodeSessionPacket(packet))
    expect(pieces).toHaveLength(3)
    expect(pieces).toMatchObject([0, 1, 2].map((piece) => ({ kind: 'second', id, piece, pieces: 3 })))
    expect(encodePieces('third', id, new Uint8Array(100))).toHaveLength(1)
  })

  it('made up and cut packets are faults or packets, never an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => void decodeSessionPacket(bytes)),
      { numRuns: 2_000 },
    )
    for (const packet of [
      encodeFirst(id, new Uint8Array(16), new Uint8Array(0)),
      encodeUnknown(id),
      writeRecordHead(new ByteWriter(), id, 5).finish(),
      encodePieces('third', id, id)[0]!,
    ]) {
      for (let length = 0; length < 9; length += 1) expect(decodeSessionPacket(packet.subarray(0, length))).toBeInstanceOf(WireFault)
    }
    expect(decodeSessionPacket(Uint8Array.of(2, ...id, 3, 3))).toBeInstanceOf(WireFault)
    expect(decodeSessionPacket(Uint8Array.of(2, ...id, 0, 0))).toBeInstanceOf(WireFault)
    expect(decodeSessionPacket(Uint8Array.of(2, ...id, 0, 4))).toBeInstanceOf(WireFault)
    expect(decodeSessionPacket(Uint8Array.of(6, ...id))).toBeInstanceOf(WireFault)
    expect(decodeSessionPacket(new Uint8Array(64_000).fill(4))).toMatchObject({ kind: 'record' })
    expect(decodeSessionPacket(new Uint8Array(64_001).fill(4))).toBeInstanceOf(WireFault)
  })
})
