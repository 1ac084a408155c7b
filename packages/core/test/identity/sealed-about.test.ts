import { expect, test } from 'vitest'
import { addressOf, whoOf, type Address } from '../../src/identity/address.ts'
import { seq48Of, type MemberRecord } from '../../src/identity/member-record.ts'
import { deriveNetworkKeys, type NetworkKeys } from '../../src/identity/network-key.ts'
import { openRecord, signRecord, type RecordSeal } from '../../src/identity/signed-record.ts'
import { wireNetwork } from '../../src/identity/wire-network.ts'
import { nobleCrypto } from '../../src/crypto/noble-crypto.ts'
import type { KeyPair } from '../../src/ports/crypto.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { WireFault } from '../../src/wire/wire-fault.ts'
import { now } from '../routing/router-world.ts'

const crypto = nobleCrypto(new SeededDice(11))
const keysOf = (byte: number): NetworkKeys =>
  now(deriveNetworkKeys({ kind: 'bytes', bytes: new Uint8Array(32).fill(byte) }, 'garden', crypto))
const [ours, theirs] = [keysOf(1), keysOf(2)]
const marker = 'MARKER of Ada'

function recordOf(keyPair: KeyPair, changes: Partial<MemberRecord> = {}): MemberRecord {
  const address: Address = addressOf(now(whoOf(keyPair.publicKey, crypto)), 'aaaa')
  return {
    network: wireNetwork('garden', ours.keyHash),
    address,
    publicKey: keyPair.publicKey,
    exchangeKey: new Uint8Array(32).fill(9),
    seq48: seq48Of(1_700_000_000, 0),
    kind: 'member',
    name: marker,
    capabilities: ['webrtc'],
    services: [{ service: 'ping', load: 1 }],
    plainHosts: [{ address: 'DEVICE', hops: 1, services: [] }],
    ...changes,
  }
}

const keyPair = now(crypto.generateKeyPair())
const signed = (record: MemberRecord, keys?: NetworkKeys, by: KeyPair = keyPair): Uint8Array => {
  const seal: RecordSeal | undefined = keys && { crypto, keys }
  return now(signRecord(record, by, seal))
}

test('SE10 who has the network key reads name and capabilities, a relay reads everything but them', () => {
  const record = recordOf(keyPair)
  const bytes = signed(record, ours)
  expect(openRecord(bytes, crypto, [ours])).toEqual(record)
  expect(openRecord(bytes, crypto, [theirs, ours])).toEqual(record)
  expect(openRecord(bytes, crypto)).toEqual({ ...record, name: '', capabilities: [] })
  expect(new TextDecoder('latin1').decode(bytes)).not.toContain(marker)
  // The control: without a key the marker is there.
  expect(new TextDecoder('latin1').decode(signed(record))).toContain(marker)
})

test('SE10 nobody without the key can invent a member: neither unsealed, nor sealed by another key, nor with a part of somebody else', () => {
  const record = recordOf(keyPair)
  const codeOf = (bytes: Uint8Array): string | undefined => {
    const opened = now(openRecord(bytes, crypto, [ours]))
    return opened instanceof WireFault ? opened.code : undefined
  }
  expect(codeOf(signed(record))).toBe('wrong-key')
  expect(codeOf(signed(record, theirs))).toBe('wrong-key')
  expect(codeOf(signed({ ...record, network: wireNetwork('garden', theirs.keyHash) }, theirs))).toBe('wrong-key')
  // The sealed block of a real member in the record of an invented one, which signs it well.
  const invented = now(crypto.generateKeyPair())
  const stolen = signed(recordOf(invented, { exchangeKey: record.exchangeKey }), ours, invented)
  const real = signed(record, ours)
  const start = 1 + 7 + 16 + 33 + 32 + 32 + 7
  const end = start + 2 + ((real[start]! << 8) | real[start + 1]!)
  const body = stolen.slice(0, -64)
  body.set(real.subarray(start, end), start)
  const signature = now(invented.sign(new Uint8Array([...new TextEncoder().encode('hopmesh.1 record'), ...body])))
  expect(codeOf(new Uint8Array([...body, ...signature]))).toBe('wrong-key')
  expect(codeOf(stolen)).toBeUndefined()
})

test('SE10 a relay without the key is a relay and nothing more: its services and plain nodes are not taken', () => {
  const relay = recordOf(keyPair, { kind: 'relay' })
  expect(openRecord(signed(relay), crypto, [ours])).toEqual({ ...relay, services: [], plainHosts: [] })
  expect(openRecord(signed(relay, ours), crypto, [ours])).toEqual(relay)
})
