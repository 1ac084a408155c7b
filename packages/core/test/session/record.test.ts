import { describe, expect, it } from 'vitest'
import { run } from '../../src/async/awaitable.ts'
import { nobleCrypto } from '../../src/crypto/noble-crypto.ts'
import { RecordOpener, RecordSealer, type RecordDirection } from '../../src/session/record.ts'
import { replayWindowPackets } from '../../src/session/session-limits.ts'
import { decodeSessionPacket } from '../../src/session/session-packet.ts'
import { isWireFault } from '../../src/wire/wire-fault.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { toyCrypto } from '../../src/testing/toy-crypto.ts'
import { now } from '../routing/router-world.ts'

const dice = new SeededDice('records of sessions')
const direction: RecordDirection = {
  crypto: nobleCrypto(dice),
  key: dice.bytes(32),
  id: dice.bytes(8),
  source: 'kaaaaaaaaaaaaaaaaaaaaaaaaaa.aaaa',
  destination: 'kbbbbbbbbbbbbbbbbbbbbbbbbbb.bbbb',
}

function pair(changes: Partial<RecordDirection> = {}): {
  seal: (text: string) => Uint8Array
  open: (packet: Uint8Array) => string
  sealer: RecordSealer
} {
  const sealer = new RecordSealer({ ...direction, crypto: toyCrypto(dice), ...changes })
  const opener = new RecordOpener({ ...direction, crypto: toyCrypto(dice), ...changes })
  return { sealer, seal: (text) => sealed(sealer, text), open: (packet) => opened(opener, packet) }
}

function sealed(sealer: RecordSealer, text: string): Uint8Array {
  return now(run(sealer.seal(sealer.takeNumber(), new TextEncoder().encode(text)))).finish()
}

/** The text, or why not. */
function opened(opener: RecordOpener, bytes: Uint8Array): string {
  const packet = decodeSessionPacket(bytes)
  if (isWireFault(packet) || packet.kind !== 'record') throw new Error('no record')
  const plain = now(run(opener.open(packet.number, packet.sealed)))
  return typeof plain === 'string' ? plain : new TextDecoder().decode(plain)
}

describe('SE12 records', () => {
  it('what is sealed opens once, in any order', () => {
    const { seal, open } = pair()
    const packets = ['one', 'two', 'three'].map(seal)
    expect([2, 0, 1].map((index) => open(packets[index]!))).toEqual(['three', 'one', 'two'])
    expect(packets.map(open)).toEqual(['replayed', 'replayed', 'replayed'])
  })

  it('a change of any byte, of either address, or of the connection is noticed (real AES-GCM)', () => {
    const sealer = new RecordSealer(direction)
    const packet = sealed(sealer, 'secret')
    for (let at = 9; at < packet.length; at += 1) {
      const changed = packet.slice()
      changed[at]! ^= 1
      expect(['bad-tag', 'wrong-generation']).toContain(opened(new RecordOpener(direction), changed))
    }
    expect(opened(new RecordOpener({ ...direction, source: direction.destination }), packet)).toBe('bad-tag')
    expect(opened(new RecordOpener({ ...direction, destination: direction.source }), packet)).toBe('bad-tag')
    expect(opened(new RecordOpener({ ...direction, id: dice.bytes(8) }), packet)).toBe('bad-tag')
    expect(opened(new RecordOpener(direction), packet)).toBe('secret')
    expect(new TextDecoder().decode(packet)).not.toContain('secret')
  })

  it('the two ends of an address pair cannot be shifted against each other', () => {
    const packet = sealed(new RecordSealer({ ...direction, source: 'ab', destination: 'c' }), 'secret')
    expect(opened(new RecordOpener({ ...direction, source: 'a', destination: 'bc' }), packet)).toBe('bad-tag')
  })

  it('a forged number moves neither the window nor the generation', () => {
    const { seal, open } = pair({ shift: 4 })
    const first = seal('first')
    const forged = first.slice()
    // The number is behind the kind and the id: far ahead, and one generation ahead.
    forged[9] = 0xff
    expect(open(forged)).toBe('wrong-generation')
    const near = first.slice()
    near[14] = 17
    expect(open(near)).toBe('bad-tag')
    expect(open(first)).toBe('first')
    expect(Array.from({ length: 15 }, (_, index) => open(seal(String(index))))).toEqual(
      Array.from({ length: 15 }, (_, index) => String(index)),
    )
  })

  it('the window reaches back 8 192 numbers and no further', () => {
    const { seal, open } = pair()
    const packets = Array.from({ length: replayWindowPackets + 2 }, (_, index) => seal(String(index)))
    expect(open(packets.at(-1)!)).toBe(String(replayWindowPackets + 1))
    expect(open(packets[0]!)).toBe('replayed')
    expect(open(packets[1]!)).toBe('replayed')
    expect(open(packets[2]!)).toBe('2')
    expect(open(packets[2]!)).toBe('replayed')
    expect(open(packets[3]!)).toBe('3')
    expect(open(packets.at(-1)!)).toBe('replayed')
  })

  it('no number is accepted twice, however the window jumps', () => {
    const { sealer, open } = pair()
    const seen: [string, Uint8Array][] = []
    for (const jump of [1, 31, 32, 33, 8_191, 8_192, 8_193, 20_000]) {
      for (let passed = 0; passed < jump; passed += 1) sealer.takeNumber()
      seen.push([`after ${jump}`, sealed(sealer, `after ${jump}`)])
      expect(open(seen.at(-1)![1])).toBe(`after ${jump}`)
      for (const [, packet] of seen) expect(open(packet)).toBe('replayed')
    }
  })

  it('keys change at the border of a generation, and the one before still opens what is late', () => {
    const { seal, open } = pair({ shift: 3 })
    const packets = Array.from({ length: 40 }, (_, index) => seal(String(index)))
    expect(open(packets[7]!)).toBe('7')
    expect(open(packets[8]!)).toBe('8')
    expect(open(packets[6]!)).toBe('6')
    // Two generations ahead is further than a peer can be; one behind is late; two behind is gone.
    expect(open(packets[24]!)).toBe('wrong-generation')
    expect(open(packets[16]!)).toBe('16')
    expect(open(packets[15]!)).toBe('15')
    expect(open(packets[5]!)).toBe('wrong-generation')
    expect([24, 25, 32, 33, 31].map((index) => open(packets[index]!))).toEqual(['24', '25', '32', '33', '31'])
  })

  it('each generation has a key of its own, which the old one gives and not the other way round', () => {
    const keys: string[] = []
    const plain = toyCrypto(dice)
    const crypto = { ...plain, seal: (...given: Parameters<typeof plain.seal>) => (keys.push(given[0].join()), plain.seal(...given)) }
    const { seal } = pair({ crypto, shift: 1 })
    for (let index = 0; index < 6; index += 1) seal('x')
    expect(new Set(keys).size).toBe(3)
    expect(keys[0]).toBe(keys[1])
  })

  it('an empty record and one that is cut are refused', () => {
    const { seal, open } = pair()
    const packet = seal('whole')
    for (let length = 15; length < packet.length; length += 1) expect(open(packet.subarray(0, length))).toBe('bad-tag')
    expect(open(packet)).toBe('whole')
  })
})
