import { describe, expect, it } from 'vitest'
import { MeshError } from '../../src/errors/mesh-error.ts'
import { frame, unframe } from '../../src/wire/kiss.ts'
import { decodePacket, encodePacket } from '../../src/wire/packet-codec.ts'
import { packetFromJson, packetToJson } from '../../src/wire/packet-json.ts'
import { copyPacket, type Packet } from '../../src/wire/packet.ts'
import { fromHex, shown, toHex } from './vectors.ts'

function codeOf(action: () => unknown): string | undefined {
  try {
    action()
  } catch (error) {
    return error instanceof MeshError ? error.code : `no MeshError: ${String(error)}`
  }
  return undefined
}

describe('ALN-31 limits', () => {
  it('lengths count bytes: "né" survives', () => {
    const packet = { service: 'né', srcAddr: 'né', destAddr: 'n😀dé', nextAddr: '日本', data: 'né' }
    const { data, ...texts } = packet
    for (const back of [decodePacket(encodePacket(packet)), packetFromJson(packetToJson(packet))]) {
      expect(back).toMatchObject(texts)
      expect(new TextDecoder().decode((back as { data: Uint8Array }).data)).toBe(data)
    }
    expect(toHex(encodePacket({ destAddr: 'né' }))).toBe('6080036ec3a9')
  })

  it('takes 255 bytes of text and refuses 256, in bytes and in JSON', () => {
    for (const encode of [encodePacket, packetToJson]) {
      for (const field of ['service', 'srcAddr', 'destAddr', 'nextAddr'] as const) {
        expect(codeOf(() => encode({ [field]: 'x'.repeat(255) }))).toBeUndefined()
        expect(codeOf(() => encode({ [field]: '日'.repeat(85) }))).toBeUndefined()
        expect(codeOf(() => encode({ [field]: 'x'.repeat(256) }))).toBe('TOO_LARGE')
        expect(codeOf(() => encode({ [field]: '日'.repeat(86) }))).toBe('TOO_LARGE')
        expect(codeOf(() => encode({ [field]: '😀'.repeat(64) }))).toBe('TOO_LARGE')
      }
    }
  })

  it('takes 65 535 bytes of data and refuses one more', () => {
    for (const encode of [encodePacket, packetToJson]) {
      expect(codeOf(() => encode({ data: new Uint8Array(65_535) }))).toBeUndefined()
      expect(codeOf(() => encode({ data: new Uint8Array(65_536) }))).toBe('TOO_LARGE')
      expect(codeOf(() => encode({ data: 'é'.repeat(32_768) }))).toBe('TOO_LARGE')
    }
  })

  it('finds a name again whatever else was read: a third one of the same hash takes the place of the first', () => {
    // All of a length, and alike where names are told apart first.
    const names = Array.from({ length: 6 }, (_, at) => `${at}node.of.one.hash`)
    for (const name of [...names, ...names.toReversed(), ...names.flatMap((other) => [other, names[0]!])]) {
      expect(decodePacket(encodePacket({ srcAddr: name }))).toMatchObject({ srcAddr: name })
    }
  })

  it('refuses numbers that the fields cannot hold', () => {
    const limits = { netState: 0xff, seqNum: 0xffff, ackBlock: 0xffff_ffff, contextID: 0xffff, dataType: 0xff }
    for (const [field, max] of Object.entries(limits)) {
      expect(decodePacket(encodePacket({ [field]: max }))).toMatchObject({ [field]: max })
      for (const wrong of [max + 1, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
        expect(codeOf(() => encodePacket({ [field]: wrong }))).toBe('INVALID_OPTION')
        expect(codeOf(() => packetToJson({ [field]: wrong }))).toBe('INVALID_OPTION')
      }
    }
  })

  it('writes a lone surrogate as the replacement character, with the right length', () => {
    for (const text of ['\ud800', 'a\udc00b', '\ud800\ud800', 'x\ud83d']) {
      expect(decodePacket(encodePacket({ destAddr: text, contextID: 9 }))).toMatchObject({ destAddr: text.toWellFormed(), contextID: 9 })
    }
  })
})

describe('ALN-20 packets', () => {
  const full: Packet = {
    netState: 255,
    service: 's',
    srcAddr: 'a',
    destAddr: 'b',
    nextAddr: 'c',
    seqNum: 1,
    ackBlock: 2,
    contextID: 3,
    dataType: 4,
    data: new Uint8Array([0xc0, 0xdb, 0]),
  }

  it('carries all ten fields', () => {
    expect(shown(decodePacket(encodePacket(full)))).toEqual(shown(full))
    expect(shown(packetFromJson(packetToJson(full)))).toEqual(shown(full))
  })

  it('copies without sharing', () => {
    const copy = copyPacket(full)
    expect(shown(copy)).toEqual(shown(full))
    ;(copy.data as Uint8Array)[0] = 1
    expect((full.data as Uint8Array)[0]).toBe(0xc0)
  })

  it('0, "" and empty data are no fields', () => {
    const empty = { netState: 0, service: '', srcAddr: '', seqNum: 0, ackBlock: 0, contextID: 0, dataType: 0, data: new Uint8Array(0) }
    expect(toHex(encodePacket(empty))).toBe('0000')
    expect(shown(decodePacket(fromHex('03c000000000')))).toEqual({})
  })

  it('data is a view: nothing is copied', () => {
    const bytes = encodePacket({ data: 'hello' })
    const packet = decodePacket(bytes) as { data: Uint8Array }
    expect(packet.data.buffer).toBe(bytes.buffer)
  })

  it('the same slot of the text cache never answers with another text', () => {
    // These share length and every byte that the slot is chosen by.
    const texts = ['kaXaaaaaaaaaaaab', 'kaYaaaaaaaaaaaab', 'kaXaaaaaaaaaaaab', '\u00e9aXaaaaaaaaaaab']
    for (const text of [...texts, ...texts]) expect(decodePacket(encodePacket({ srcAddr: text }))).toMatchObject({ srcAddr: text })
  })

  it('keeps a byte order mark', () => {
    expect(decodePacket(encodePacket({ srcAddr: '\ufeffa' }))).toMatchObject({ srcAddr: '\ufeffa' })
  })
})

describe('ALN-32 checksum', () => {
  const packet: Packet = { srcAddr: 'a', destAddr: 'b', contextID: 7, data: fromHex('c0dbdcdd') }

  it('ALN-32 is checked when present', () => {
    const bytes = encodePacket(packet, { crc: true })
    expect(shown(decodePacket(bytes))).toEqual(shown(packet))
    for (let at = 2; at < bytes.length; at++) {
      const damaged = bytes.slice()
      damaged[at]! ^= 0x10
      // A damaged length may make it end early; nothing else may pass.
      expect(decodePacket(damaged)).toMatchObject({ code: expect.stringMatching(/bad-value|truncated|bad-utf8/) })
    }
  })

  it('ALN-32 holds when one bit of the control word was flipped on the way', () => {
    const bytes = encodePacket(packet, { crc: true })
    for (let bit = 0; bit < 16; bit++) {
      const flipped = bytes.slice()
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      expect(shown(decodePacket(flipped))).toEqual(shown(packet))
    }
  })
})

describe('ALN-33 KISS', () => {
  it('ends with the only END there is, whatever the payload byte', () => {
    for (let byte = 0; byte < 256; byte++) {
      const framed = frame(new Uint8Array([byte, byte]))
      expect(framed.indexOf(0xc0)).toBe(framed.length - 1)
      expect(unframe(framed)).toEqual(new Uint8Array([byte, byte]))
    }
  })

  it('refuses escapes of nothing and END inside', () => {
    for (const hex of ['41db41c0', '41dbc0', 'db', '41c041c0']) expect(unframe(fromHex(hex))).toMatchObject({ code: 'bad-escape' })
    expect(unframe(fromHex('dbdcdbddc0'))).toEqual(fromHex('c0db'))
  })
})
