import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeRouteAdvert, decodeServiceAdvert } from '../../src/wire/adverts.ts'
import { ByteReader, ByteWriter, unzigzag, varintBytes, zigzag } from '../../src/wire/bytes.ts'
import { ControlDecoder, ControlEncoder } from '../../src/wire/control-codec.ts'
import { frame, unframe } from '../../src/wire/kiss.ts'
import {
  FrameBatch,
  decodeHello,
  decodeLinkFrame,
  decodeRefusal,
  decodeReply,
  encodeItems,
  frameKinds,
  readItems,
} from '../../src/wire/link-frame.ts'
import { encodeMeshPacket, meshPacketToWrite, readMeshPacket } from '../../src/wire/mesh-packet.ts'
import { decodePacket, encodePacket, encodePacketInto, packetRoom } from '../../src/wire/packet-codec.ts'
import { packetFromJson, packetToJson } from '../../src/wire/packet-json.ts'
import { PlainStreamReader } from '../../src/wire/plain-stream.ts'
import { shown } from './vectors.ts'

const text = fc.string({ maxLength: 60, unit: 'grapheme' }).filter((value) => new TextEncoder().encode(value).length <= 255)
const bytes = fc.uint8Array({ maxLength: 600 })
/** Bytes that look like something: every marker of the formats is frequent. */
const craftyBytes = fc
  .array(fc.oneof(fc.constantFrom(0xc0, 0xdb, 0xdc, 0xdd, 0, 1, 2, 0xff, 0x80), fc.nat(255)), { maxLength: 300 })
  .map((values) => new Uint8Array(values))
const packet = fc.record(
  {
    netState: fc.nat(255),
    service: text,
    srcAddr: text,
    destAddr: text,
    nextAddr: text,
    seqNum: fc.nat(65_535),
    ackBlock: fc.nat(4_294_967_295),
    contextID: fc.nat(65_535),
    dataType: fc.nat(255),
    data: bytes,
  },
  { requiredKeys: [] },
)

function meant(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(shown(value)).filter(([, field]) => field !== 0 && field !== ''))
}

describe('ALN-20 ALN-33 ALN-34 PY-35 properties', () => {
  it('any packet comes back from bytes, with and without a checksum', () => {
    fc.assert(
      fc.property(packet, fc.boolean(), bytes, (value, crc, junk) => {
        const encoded = encodePacket(value, { crc })
        expect(meant(decodePacket(encoded))).toEqual(meant(value))
        expect(meant(decodePacket(new Uint8Array([...encoded, ...junk])))).toEqual(meant(value))
      }),
    )
  })

  it('any packet comes back from JSON', () => {
    fc.assert(fc.property(packet, (value) => void expect(meant(packetFromJson(packetToJson(value)))).toEqual(meant(value))))
  })

  it('any bytes come back from a KISS frame', () => {
    fc.assert(fc.property(fc.oneof(bytes, craftyBytes), (value) => void expect(unframe(frame(value))).toEqual(value)))
  })

  it('any packets come back from a stream in any pieces', () => {
    fc.assert(
      fc.property(
        fc.array(packet, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 20 }),
        (values, sizes) => {
          const stream = new Uint8Array(values.flatMap((value) => [...frame(encodePacket(value))]))
          const reader = new PlainStreamReader({ packetBytesMax: 66_577 })
          const got: object[] = []
          for (let at = 0, turn = 0; at < stream.length; turn++) {
            const size = sizes[turn % sizes.length]!
            got.push(...reader.push(stream.slice(at, at + size)))
            at += size
          }
          expect(got.map(meant)).toEqual(values.map(meant))
        },
      ),
    )
  })

  it('any packet is written anywhere, within its room and nowhere else', () => {
    fc.assert(
      fc.property(packet, fc.nat(40), (value, at) => {
        const room = packetRoom(value)
        const out = new Uint8Array(at + room + 8).fill(0xee)
        const end = encodePacketInto(value, out, at)
        expect(out.subarray(at, end)).toEqual(encodePacket(value))
        expect(end).toBeLessThanOrEqual(at + room)
        expect([...out.subarray(0, at), ...out.subarray(at + room)].every((byte) => byte === 0xee)).toBe(true)
        expect(decodePacket(out.subarray(0, end), at)).toEqual(decodePacket(encodePacket(value)))
      }),
    )
  })

  it('any items come back from a frame, any packet from a mesh packet', () => {
    fc.assert(fc.property(fc.array(bytes, { maxLength: 20 }), (items) => void expect(readItems(encodeItems(items))).toEqual(items)))
    fc.assert(
      fc.property(packet, fc.nat(255), fc.boolean(), text, (value, hopLimit, broadcast, gateway) => {
        const encoded = encodeMeshPacket({ hopLimit, broadcast, gateway }, encodePacket({ ...value, nextAddr: undefined }))
        const header = readMeshPacket(encoded) as { alnOffset: number }
        expect(header).toMatchObject({
          hopLimit,
          broadcast,
          gateway: gateway || undefined,
          source: value.srcAddr ?? '',
          destination: value.destAddr ?? '',
          service: value.service ?? '',
        })
        expect(meant(decodePacket(encoded, header.alnOffset))).toEqual(meant({ ...value, nextAddr: undefined }))
        // And the same ones when they are written into a frame.
        const batch = new FrameBatch(frameKinds.packets)
        for (let count = 0; count < 3; count++) batch.add(meshPacketToWrite({ hopLimit, broadcast, gateway }, value))
        expect(readItems(batch.take().subarray(1))).toEqual([encoded, encoded, encoded])
      }),
    )
  })

  it('any numbers come back', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.integer({ min: -(2 ** 51), max: 2 ** 51 }), fc.nat(2 ** 48 - 1), (natural, signed, seq48) => {
        const written = new ByteWriter(1).varint(natural).varint(zigzag(signed)).u48(seq48).finish()
        expect(written.length).toBe(varintBytes(natural) + varintBytes(zigzag(signed)) + 6)
        const reader = new ByteReader(written)
        expect([reader.varint(), unzigzag(reader.varint()), reader.u48(), reader.failed, reader.remaining]).toEqual([
          natural,
          signed,
          seq48,
          false,
          0,
        ])
        expect([reader.u8(), reader.failed, reader.string(), reader.rest().length]).toEqual([0, true, '', 0])
      }),
    )
  })

  it('a varint above 2^53 − 1 is a failure, the largest below is not', () => {
    const largest = new ByteReader(new ByteWriter().varint(Number.MAX_SAFE_INTEGER).finish())
    expect([largest.varint(), largest.failed]).toEqual([Number.MAX_SAFE_INTEGER, false])
    const over = new ByteReader(new Uint8Array([0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]))
    expect([over.varint(), over.failed]).toEqual([0, true])
  })

  it('any routes come back, message after message', () => {
    const row = fc.record({
      destination: fc.constantFrom('a', 'b', 'né', 'kx.1', 'x'.repeat(100)),
      seq48: fc.nat(2 ** 48 - 1),
      metric: fc.nat(65_535),
      hops: fc.nat(255),
    })
    fc.assert(
      fc.property(
        fc.array(fc.record({ entries: fc.array(row, { maxLength: 10 }), complete: fc.boolean() }), { maxLength: 10 }),
        (messages) => {
          const encoder = new ControlEncoder()
          const decoder = new ControlDecoder()
          for (const { entries, complete } of messages) {
            const message = { type: 'routes' as const, entries, complete }
            expect(encoder.encode(message).map((item) => decoder.decode(item))).toEqual([message])
          }
        },
      ),
    )
  })
})

describe('nothing that arrives throws', () => {
  const decoders: Record<string, (value: Uint8Array) => unknown> = {
    decodePacket,
    unframe,
    decodeRouteAdvert,
    decodeServiceAdvert,
    decodeLinkFrame,
    readItems,
    decodeHello,
    decodeReply,
    decodeRefusal,
    readMeshPacket,
    control: (value) => {
      const decoder = new ControlDecoder()
      return [decoder.decode(new Uint8Array([1, 15, ...value])), decoder.decode(value), decoder.decode(value)]
    },
    controlOfEachType: (value) => [1, 2, 3, 4, 5, 6, 7, 8].map((type) => new ControlDecoder().decode(new Uint8Array([type, ...value]))),
    packetOfCleanWord: (value) => decodePacket(new Uint8Array([0xf7, 0xff, ...value])),
    stream: (value) =>
      [1, 3, 999].map((step) => {
        const reader = new PlainStreamReader({ packetBytesMax: 100 })
        for (let at = 0; at < value.length; at += step) reader.push(value.slice(at, at + step))
        return reader
      }),
    json: (value) => packetFromJson(String.fromCharCode(...value)),
  }

  it.each(Object.keys(decoders))('%s', (name) => {
    fc.assert(
      fc.property(fc.oneof(bytes, craftyBytes), (value) => void expect(decoders[name]!(value)).toBeDefined()),
      { numRuns: 500 },
    )
  })

  it('JSON of any shape', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void expect(packetFromJson(JSON.stringify(value))).toBeDefined()))
    const keys = fc.constantFrom('net', 'srv', 'src', 'dst', 'nxt', 'seq', 'ack', 'ctx', 'typ', 'data', '__proto__', 'DATA')
    fc.assert(fc.property(fc.dictionary(keys, fc.jsonValue()), (value) => void expect(packetFromJson(JSON.stringify(value))).toBeDefined()))
  })

  it('a stream reads the next good frame after any noise and two ENDs', () => {
    const good = { service: 'ping', srcAddr: 'c1', destAddr: 'h1', contextID: 7 }
    fc.assert(
      fc.property(craftyBytes, (noise) => {
        const reader = new PlainStreamReader({ packetBytesMax: 1_000 })
        reader.push(noise)
        reader.push(new Uint8Array([0x41, 0xc0]))
        expect(meant(reader.push(frame(encodePacket(good))).at(-1)!)).toEqual(good)
      }),
      { numRuns: 2_000 },
    )
  })
})
