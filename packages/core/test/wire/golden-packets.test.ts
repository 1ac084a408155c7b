import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { frame, unframe } from '../../src/wire/kiss.ts'
import { decodePacket, encodePacket } from '../../src/wire/packet-codec.ts'
import { packetFromJson, packetToJson } from '../../src/wire/packet-json.ts'
import type { Packet } from '../../src/wire/packet.ts'
import { shown, toHex } from './vectors.ts'

// A second encoder, as slow and as close to the written rules as can be, and none of the first one's code: bits are
// counted one by one, fields are joined in their order, bytes are escaped in hex.

type Field = 'netState' | 'service' | 'srcAddr' | 'destAddr' | 'nextAddr' | 'seqNum' | 'ackBlock' | 'contextID' | 'dataType' | 'data'
const order: readonly [Field, number][] = [
  ['netState', 0x400],
  ['service', 0x200],
  ['srcAddr', 0x100],
  ['destAddr', 0x080],
  ['nextAddr', 0x040],
  ['seqNum', 0x020],
  ['ackBlock', 0x010],
  ['contextID', 0x008],
  ['dataType', 0x004],
  ['data', 0x002],
]
const widths: Partial<Record<Field, number>> = { netState: 1, seqNum: 2, ackBlock: 4, contextID: 2, dataType: 1 }

const hexOf = (value: number, bytes: number): string => value.toString(16).padStart(2 * bytes, '0')

function controlWord(flags: number): number {
  const ones = (mask: number): number => [...(flags & mask).toString(2)].filter((bit) => bit === '1').length % 2
  return flags + 0x1000 * ones(0x071d) + 0x2000 * ones(0x04db) + 0x4000 * ones(0x01b7) + 0x8000 * ones(0x026f)
}

function fieldHex(field: Field, value: string | number | Uint8Array): string {
  if (typeof value === 'number') return hexOf(value, widths[field] ?? 0)
  const bytes = Buffer.from(value)
  return hexOf(bytes.length, field === 'data' ? 2 : 1) + bytes.toString('hex')
}

function packetHex(packet: Packet, crc: boolean): string {
  const present = order.filter(([field]) => packet[field] !== undefined)
  const flags = present.reduce((sum, [, flag]) => sum + flag, crc ? 1 : 0)
  const hex = hexOf(controlWord(flags), 2) + present.map(([field]) => fieldHex(field, packet[field] as string)).join('')
  return crc ? hex + hexOf(crc32(Buffer.from(hex, 'hex')), 4) : hex
}

function framedHex(hex: string): string {
  return `${(hex.match(/../g) ?? []).map((byte) => ({ c0: 'dbdc', db: 'dbdd' })[byte] ?? byte).join('')}c0`
}

/** Both ways, as bytes, framed and as JSON. */
function check(packet: Packet, crc = false): void {
  const hex = packetHex(packet, crc)
  const data = typeof packet.data === 'string' ? Buffer.from(packet.data) : packet.data
  const fields = shown({ ...packet, data })
  expect(toHex(encodePacket(packet, { crc }))).toBe(hex)
  expect(shown(decodePacket(Buffer.from(hex, 'hex')))).toEqual(fields)
  expect(toHex(frame(Buffer.from(hex, 'hex')))).toBe(framedHex(hex))
  expect(toHex(unframe(Buffer.from(framedHex(hex), 'hex')) as Uint8Array)).toBe(hex)
  expect(shown(packetFromJson(packetToJson(packet)))).toEqual(fields)
}

/** Bytes that frames escape, wherever a field can hold them: in numbers, in lengths, as the lead byte of U+06C0. */
const escaped: Required<Packet> = {
  netState: 0xc0,
  service: '\u06c0',
  srcAddr: 'x'.repeat(0xc0),
  destAddr: 'y'.repeat(0xdb),
  nextAddr: '\u06ff'.repeat(2),
  seqNum: 0xc0db,
  ackBlock: 0xdbdc_c0dd,
  contextID: 0xdbc0,
  dataType: 0xdb,
  data: Uint8Array.of(0xc0, 0xdb, 0xdc, 0xdd, 0xc0),
}
const simple: Required<Packet> = {
  netState: 1,
  service: 's',
  srcAddr: 'a',
  destAddr: 'b',
  nextAddr: 'c',
  seqNum: 1,
  ackBlock: 1,
  contextID: 1,
  dataType: 1,
  data: 'd',
}

describe('packets written by the rules alone', () => {
  it('ALN-31 every flag alone, in pairs and in every other company, with and without a checksum', () => {
    for (let chosen = 0; chosen < 1 << order.length; chosen++) {
      for (const values of [simple, escaped]) {
        const packet = Object.fromEntries(order.filter((_, at) => chosen & (1 << at)).map(([field]) => [field, values[field]])) as Packet
        check(packet)
        check(packet, true)
      }
    }
  })

  it.each(['service', 'srcAddr', 'destAddr', 'nextAddr'] as const)('ALN-31 %s of every length', (field) => {
    for (let length = 1; length <= 255; length++) check({ [field]: 'n'.repeat(length), data: 'after' })
    for (const text of ['é'.repeat(127), '日'.repeat(85), '😀'.repeat(63), '\u06c0'.repeat(96)]) check({ [field]: text, contextID: 7 })
  })

  it('ALN-33 data of the lengths at which something turns, all of it escaped or none', () => {
    for (const length of [1, 127, 128, 0xc0, 0xdb, 255, 256, 4_095, 4_096, 4_097, 0xc0c0, 0xdbdb, 65_535]) {
      for (const byte of [0x00, 0xc0, 0xdb]) check({ data: new Uint8Array(length).fill(byte), dataType: 2 }, true)
    }
  })

  it('every value of a byte in every numeric field', () => {
    for (let byte = 1; byte < 256; byte++) {
      check({
        netState: byte,
        dataType: byte,
        seqNum: byte * 0x100,
        contextID: byte,
        ackBlock: byte * 0x1_0000 + byte,
        data: Uint8Array.of(byte),
      })
    }
  })
})
