import { describe, expect, it } from 'vitest'
import { wireNetwork } from '../../src/identity/wire-network.ts'
import type { Address } from '../../src/identity/address.ts'
import { OwnRecord } from '../../src/routing/own-record.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { toyCrypto } from '../../src/testing/toy-crypto.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { SlowCrypto } from './slow-crypto.ts'
import { now } from './router-world.ts'

const first = 65_536

function ownRecord(sign?: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>) {
  const clock = new VirtualClock()
  const dice = new SeededDice(1)
  const crypto = toyCrypto(dice)
  const keyPair = now(crypto.generateKeyPair())
  const slow = new SlowCrypto(clock, dice, 100).keyPair(keyPair)
  const changes: number[] = []
  const failures: unknown[] = []
  let contents = 0
  const identity = {
    address: 'thing' as Address,
    kind: 'named' as const,
    name: 'thing',
    capabilities: [],
    epoch: 1,
    network: wireNetwork('default'),
    crypto,
    exchangeKeys: now(crypto.generateExchangeKeys()),
    keyPair: sign ? { publicKey: keyPair.publicKey, sign } : slow,
  }
  const own = new OwnRecord(identity, clock, {
    contents: () => ({ services: [{ service: `s${++contents}`, load: 1 }], plainHosts: [] }),
    changed: ({ record }) => void changes.push(record.seq48),
    failed: (error) => void failures.push(error),
  })
  return { clock, own, changes, failures, keyPair }
}

describe('the own record over signatures that take their time', () => {
  it('is signed once for all who ask before it is there', async () => {
    const { clock, own, changes } = ownRecord()
    const asked = [own.bytes(), own.bytes(), own.bytes()]
    own.raise(first)
    await clock.advance(1_000)
    const [one, two, three] = await Promise.all(asked)
    expect([one, three]).toEqual([two, two])
    expect(changes).toEqual([first])
  })

  it('what changes while it is signed is signed next, one signature at a time', async () => {
    const { clock, own, changes } = ownRecord()
    void own.bytes()
    for (let turn = 0; turn < 20; turn++) {
      own.touch()
      await clock.advance(7)
    }
    await clock.advance(2_000)
    expect(changes).toEqual(changes.map((_, index) => first + index))
    expect(changes.length).toBeGreaterThan(1)
    expect(own.current?.record.seq48).toBe(changes.at(-1))
  })

  it('a signature that failed is tried again for the next who asks, and no number is lost with it', async () => {
    let broken = true
    const made = ownRecord((message) => (broken ? Promise.reject(new Error('the key store sleeps')) : made.keyPair.sign(message)))
    await expect(made.own.bytes()).rejects.toThrow('sleeps')
    broken = false
    expect((await made.own.bytes()).length).toBeGreaterThan(0)
    broken = true
    made.own.touch()
    await made.clock.advance(1_000)
    expect(made.failures).toHaveLength(1)
    broken = false
    made.own.raise(first + 1)
    await made.clock.advance(1_000)
    expect(made.changes).toEqual([first, first + 1])
  })

  it('others make it sign five times a second at most, one step at a time (R8)', async () => {
    const { clock, own, changes } = ownRecord()
    void own.bytes()
    await clock.advance(1_000)
    for (let turn = 0; turn < 1_000; turn++) {
      own.raise(2 ** 47)
      await clock.advance(1)
    }
    expect(changes.length).toBeLessThanOrEqual(7)
    expect(changes.at(-1)).toBe(first + changes.length - 1)
    own.raise(5_000_000, true)
    await clock.advance(1_000)
    expect(changes.at(-1)).toBeGreaterThanOrEqual(5_000_000)
    own.touch()
    own.stop()
    await clock.advance(1_000)
    expect(clock.waiting).toBe(0)
  })
})
