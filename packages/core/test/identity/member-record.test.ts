import { webcrypto } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nobleCrypto } from '../../src/crypto/noble-crypto.ts'
import { webCrypto, type WebSubtle } from '../../src/crypto/web-crypto.ts'
import { addressOf, whoOf, type Address } from '../../src/identity/address.ts'
import { epochOf, seq48Of, type MemberRecord } from '../../src/identity/member-record.ts'
import { openRecord, signRecord } from '../../src/identity/signed-record.ts'
import { recordBytesMax } from '../../src/identity/record-bounds.ts'
import { decodeRecordBody, encodeRecordParts, joinRecordParts } from '../../src/identity/record-codec.ts'
import { encodeWireNetwork, networkMismatch, wireNetwork } from '../../src/identity/wire-network.ts'
import type { KeyPair } from '../../src/ports/crypto.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { toyCrypto } from '../../src/testing/toy-crypto.ts'
import { ByteWriter } from '../../src/wire/bytes.ts'
import { WireFault } from '../../src/wire/wire-fault.ts'

const toy = toyCrypto(new SeededDice('records'))
const noble = nobleCrypto(new SeededDice('records'))

function recordOf(keyPair: KeyPair, who: string, changes: Partial<MemberRecord> = {}): MemberRecord {
  return {
    network: wireNetwork('wohnzimmer'),
    address: addressOf(who, 'ab27'),
    publicKey: keyPair.publicKey,
    exchangeKey: new Uint8Array(32).fill(9),
    seq48: seq48Of(1_763_640_000, 3),
    kind: 'member',
    name: 'Ada ☕',
    capabilities: ['webrtc', 'later'],
    services: [
      { service: 'print', load: 1 },
      { service: 'scan', load: 127 },
    ],
    plainHosts: [
      { address: 'CONTROLLER_1', hops: 1, services: [{ service: 'light', load: 5 }] },
      { address: 'Küche', hops: 255, services: [] },
    ],
    ...changes,
  }
}

const keyPair = toy.generateKeyPair() as KeyPair
const who = whoOf(keyPair.publicKey, toy) as string
const record = recordOf(keyPair, who)
const signed = signRecord(record, keyPair) as Uint8Array
const codeOf = (value: unknown): string => (value instanceof WireFault ? value.code : 'opened')
const plainHost = { address: 'x', hops: 1, services: [] }

describe('member records', () => {
  test('SE4 what is signed opens as it was, with real keys too', async () => {
    expect(openRecord(signed, toy)).toEqual(record)
    for (const crypto of [noble, webCrypto(webcrypto.subtle as WebSubtle)]) {
      const keys = await crypto.generateKeyPair()
      const own = recordOf(keys, await whoOf(keys.publicKey, crypto))
      const bytes = await signRecord(own, keys)
      expect(await openRecord(bytes, noble)).toEqual(own)
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
      expect(codeOf(await openRecord(bytes, noble))).toBe('bad-signature')
    }
  })

  test.each(['member', 'relay', 'left'] as const)('SE5 a record of kind %s, bare of all lists, keeps its kind', (kind) => {
    const bare = recordOf(keyPair, who, { kind, name: '', capabilities: [], services: [], plainHosts: [] })
    expect(openRecord(signRecord(bare, keyPair) as Uint8Array, toy)).toEqual(bare)
  })

  test('SE5 every changed byte and every cut is a fault', () => {
    for (let at = 0; at < signed.length; at += 1) {
      for (const bit of [1, 128]) {
        const changed = signed.map((byte, index) => (index === at ? byte ^ bit : byte))
        expect(openRecord(changed, toy), `byte ${at}`).toBeInstanceOf(WireFault)
      }
      expect(openRecord(signed.subarray(0, at), toy), `cut at ${at}`).toBeInstanceOf(WireFault)
      expect(codeOf(decodeRecordBody(signed.subarray(0, Math.min(at, signed.length - 65))))).toBe('truncated')
    }
    expect(codeOf(decodeRecordBody(Uint8Array.of(...signed.subarray(0, -64), 0)))).toBe('too-long')
  })

  test('SE4 a key that does not hash to the address is a fault, though its signature holds', () => {
    const other = toy.generateKeyPair() as KeyPair
    const stolen = signRecord(recordOf(other, who), other) as Uint8Array
    expect(codeOf(openRecord(stolen, toy))).toBe('bad-value')
  })

  test('SE1 a named node signs under a free-form name, and never under one of member form', () => {
    const named = { ...record, kind: 'named', address: 'SENSOR_7' as Address } as const
    expect(openRecord(signRecord(named, keyPair) as Uint8Array, toy)).toEqual(named)
    for (const address of [record.address, who as Address, '' as Address]) {
      expect(() => signRecord({ ...named, address }, keyPair)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    }
    expect(() => signRecord({ ...record, address: named.address }, keyPair)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    const tooLong = { ...named, address: 'n'.repeat(101) as Address }
    expect(() => signRecord(tooLong, keyPair)).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }))
  })

  test('SE13 a signature without its own prefix does not count', async () => {
    const body = signed.subarray(0, -64)
    const unprefixed = Uint8Array.of(...body, ...(await keyPair.sign(body)))
    expect(codeOf(openRecord(unprefixed, toy))).toBe('bad-signature')
  })

  test('what is opened is a copy: the buffer it came in may be used again', () => {
    const buffer = signed.slice()
    const opened = openRecord(buffer, toy)
    buffer.fill(255)
    expect(opened).toEqual(record)
  })

  test('any bytes are a fault and never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(openRecord(bytes, toy)).toBeInstanceOf(WireFault)
        decodeRecordBody(bytes)
      }),
    )
    const edited = fc.array(fc.tuple(fc.nat(signed.length - 65), fc.nat(255)), { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(edited, (edits) => {
        const body = signed.slice(0, -64)
        for (const [at, value] of edits) body[at] = value
        const decoded = decodeRecordBody(body)
        // Whatever still reads as a record is within the bounds that writing keeps.
        if (decoded instanceof WireFault) return
        const { record: read, sealed } = decoded
        expect(joinRecordParts(encodeRecordParts(read), sealed?.box)).toEqual(body)
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('bounds of a member record', () => {
  const many = <T>(count: number, item: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => item(index))
  const atBound: [string, Partial<MemberRecord>, Partial<MemberRecord>, string][] = [
    ['bytes of its name', { name: 'é'.repeat(32) }, { name: 'é'.repeat(33) }, 'TOO_LARGE'],
    ['capabilities', { capabilities: many(16, String) }, { capabilities: many(17, String) }, 'TOO_LARGE'],
    ['bytes of a capability', { capabilities: ['c'.repeat(64)] }, { capabilities: ['c'.repeat(65)] }, 'TOO_LARGE'],
    [
      'services',
      { services: many(32, (index) => ({ service: `s${index}`, load: 1 })) },
      { services: many(33, (index) => ({ service: `s${index}`, load: 1 })) },
      'TOO_LARGE',
    ],
    [
      'bytes of a service name',
      { services: [{ service: 's'.repeat(100), load: 1 }] },
      { services: [{ service: 's'.repeat(101), load: 1 }] },
      'TOO_LARGE',
    ],
    ['least load', { services: [{ service: 's', load: 1 }] }, { services: [{ service: 's', load: 0 }] }, 'INVALID_OPTION'],
    ['greatest load', { services: [{ service: 's', load: 127 }] }, { services: [{ service: 's', load: 128 }] }, 'INVALID_OPTION'],
    [
      'plain hosts',
      { plainHosts: many(1_024, (index) => ({ ...plainHost, address: `h${index}` })) },
      { plainHosts: many(1_025, (index) => ({ ...plainHost, address: `h${index}` })) },
      'TOO_LARGE',
    ],
    [
      'bytes of a plain address',
      { plainHosts: [{ ...plainHost, address: 'p'.repeat(255) }] },
      { plainHosts: [{ ...plainHost, address: 'p'.repeat(256) }] },
      'TOO_LARGE',
    ],
    ['least hops', { plainHosts: [{ ...plainHost, hops: 1 }] }, { plainHosts: [{ ...plainHost, hops: 0 }] }, 'INVALID_OPTION'],
    ['SE1 plain hosts of plain form', { plainHosts: [plainHost] }, { plainHosts: [{ ...plainHost, address: who }] }, 'INVALID_OPTION'],
    ['SE1 plain hosts with a name', { plainHosts: [plainHost] }, { plainHosts: [{ ...plainHost, address: '' }] }, 'INVALID_OPTION'],
    ['greatest number', { seq48: 2 ** 48 - 1 }, { seq48: 2 ** 48 }, 'INVALID_OPTION'],
  ]
  test.each(atBound)('%s', (_what, inside, outside, code) => {
    const kept = recordOf(keyPair, who, inside)
    expect(openRecord(signRecord(kept, keyPair) as Uint8Array, toy)).toEqual(kept)
    expect(() => signRecord(recordOf(keyPair, who, outside), keyPair)).toThrow(expect.objectContaining({ code }))
  })

  test('a record over 32 KiB is neither signed nor opened', () => {
    const plainHosts = many(1_024, (index) => ({ ...plainHost, address: `${index}`.padStart(40, 'h') }))
    expect(() => signRecord(recordOf(keyPair, who, { plainHosts }), keyPair)).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }))
    expect(codeOf(openRecord(new Uint8Array(recordBytesMax + 1), toy))).toBe('too-long')
  })

  const body = signed.slice(0, -64)
  const kindAt = 1 + 11 + 16 + 33 + 32 + 32 + 6
  test.each([
    ['another version', 0, 2, 'unknown-kind'],
    ['another kind', kindAt, 5, 'unknown-kind'],
    ['a named node with the address of a member', kindAt, 4, 'bad-value'],
    ['kind 0', kindAt, 0, 'unknown-kind'],
    ['bad UTF-8 in the network', 2, 0xff, 'bad-utf8'],
    ['bad UTF-8 in the name', kindAt + 5, 0xff, 'bad-utf8'],
    ['an address of no member', 30, 0x21, 'bad-value'],
    ['a longer about block', kindAt + 2, (body.at(kindAt + 2) as number) + 1, 'too-long'],
    ['a shorter about block', kindAt + 2, (body.at(kindAt + 2) as number) - 1, 'truncated'],
  ])('%s is a fault that says so', (_what, at, value, code) => {
    expect(codeOf(decodeRecordBody(body.map((byte, index) => (index === at ? value : byte))))).toBe(code)
  })
})

describe('numbers and networks', () => {
  test('seq48 orders by epoch, then number, and gives the epoch back', () => {
    expect(seq48Of(2, 0)).toBeGreaterThan(seq48Of(1, 65_535))
    expect(seq48Of(2 ** 32 - 1, 65_535)).toBe(2 ** 48 - 1)
    for (const epoch of [0, 1, 1_763_640_000, 2 ** 32 - 1]) expect(epochOf(seq48Of(epoch, 65_535))).toBe(epoch)
  })

  test('a network is its name and its key', () => {
    const open = wireNetwork('a')
    const keyed = wireNetwork('a', new Uint8Array(16).fill(1))
    expect(open.keyHash).toEqual(new Uint8Array(16))
    expect(networkMismatch({ network: open }, wireNetwork('a'))).toBeUndefined()
    expect(networkMismatch({ network: keyed }, wireNetwork('a', new Uint8Array(16).fill(1)))).toBeUndefined()
    expect(networkMismatch({ network: open }, keyed)).toBe('NETWORK_KEY_MISMATCH')
    expect(networkMismatch({ network: open }, wireNetwork('b'))).toBe('NETWORK_MISMATCH')
    const writer = new ByteWriter()
    encodeWireNetwork(writer, keyed)
    expect([...writer.finish()]).toEqual([1, 97, ...keyed.keyHash])
    expect(() => wireNetwork('n'.repeat(256))).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })
})
