import { describe, expect, it } from 'vitest'
import { addressOf, whoOf } from '../../src/identity/address.ts'
import type { MemberRecord } from '../../src/identity/member-record.ts'
import { signRecord } from '../../src/identity/signed-record.ts'
import { wireNetwork } from '../../src/identity/wire-network.ts'
import { RecordStore } from '../../src/routing/table/record-store.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { toyCrypto, toyKeyPair } from '../../src/testing/toy-crypto.ts'
import { now } from './router-world.ts'

const dice = new SeededDice('records')
const crypto = toyCrypto(dice)

function signed(number: number, changes: Partial<MemberRecord> = {}): { record: MemberRecord; bytes: Uint8Array } {
  const keyPair = toyKeyPair(new TextEncoder().encode(`member ${number}`))
  const address = addressOf(now(whoOf(keyPair.publicKey, crypto)), 'aaaa')
  const record: MemberRecord = {
    network: wireNetwork('default'),
    address,
    publicKey: keyPair.publicKey,
    exchangeKey: dice.bytes(32),
    seq48: 7,
    kind: 'member',
    name: `member ${number}`,
    capabilities: [],
    services: [],
    plainHosts: [],
    ...changes,
  }
  return { record, bytes: now(signRecord(record, keyPair)) }
}

describe('records kept as bytes', () => {
  it('gives back what was kept, whatever came and went around it', () => {
    const store = new RecordStore()
    const kept = new Map<number, ReturnType<typeof signed>>()
    for (let step = 0; step < 3_000; step++) {
      const number = dice.between(0, 99)
      if (dice.chance(0.3)) {
        const gone = kept.get(number)
        if (gone) store.delete(gone.record.address)
        kept.delete(number)
      } else {
        const services = Array.from({ length: dice.between(0, 32) }, (_, at) => ({ service: `service ${at}`, load: 1 + (step % 127) }))
        // During a rotation some have the network's other key.
        const network = wireNetwork('default', new Uint8Array(16).fill(dice.chance(0.2) ? 1 : 0))
        const proof = signed(number, { seq48: step, services, network })
        store.set(proof)
        kept.set(number, proof)
      }
    }
    expect(kept.size).toBeGreaterThan(50)
    for (let number = 0; number < 100; number++) {
      const { address } = signed(number).record
      const proof = kept.get(number)
      expect(store.has(address)).toBe(proof !== undefined)
      expect(store.seq48(address)).toBe(proof?.record.seq48 ?? -1)
      expect(store.get(address)?.bytes).toEqual(proof?.bytes)
      expect(store.get(address)?.record).toEqual(proof?.record)
    }
  })

  it('a record that was handed out stays as it was when another takes its place', () => {
    const store = new RecordStore()
    const first = signed(1)
    store.set(first)
    const before = store.get(first.record.address)
    for (let seq48 = 8; seq48 < 500; seq48++) store.set(signed(1, { seq48, name: `called ${seq48}` }))
    expect(before?.record).toEqual(first.record)
    expect(store.get(first.record.address)?.record.name).toBe('called 499')
  })

  it('what does not count, or was sealed, is not read out of the bytes again', () => {
    const store = new RecordStore()
    const network = wireNetwork('default', new Uint8Array(16).fill(7))
    const proof = signed(2, { network, services: [{ service: 'made up', load: 1 }], name: '' })
    store.set({ bytes: proof.bytes, record: { ...proof.record, services: [], name: 'opened' } })
    expect(store.get(proof.record.address)?.record).toEqual({ ...proof.record, services: [], name: 'opened' })
    store.set(proof)
    expect(store.get(proof.record.address)?.record).toEqual(proof.record)
  })
})
