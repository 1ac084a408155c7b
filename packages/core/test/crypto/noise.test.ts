import { webcrypto } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nobleCrypto } from '../../src/crypto/noble-crypto.ts'
import { cipherMessagesMax, NoiseCipher } from '../../src/crypto/noise-cipher.ts'
import { NoiseHandshake } from '../../src/crypto/noise.ts'
import { webCrypto } from '../../src/crypto/web-crypto.ts'
import { run } from '../../src/async/awaitable.ts'
import type { Crypto } from '../../src/ports/crypto.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { toyCrypto } from '../../src/testing/toy-crypto.ts'
import { lowOrderPoints } from './crypto-contract.ts'
import { ciphersAgree, emptyPayload, handshakeOf, payloads, prologue, runHandshake } from './noise-session.ts'

const noble = nobleCrypto(new SeededDice('noise'))
const toy = toyCrypto(new SeededDice('noise'))
const web = webCrypto(webcrypto.subtle)
const psk = new Uint8Array(32).fill(7)

describe.each([
  ['noble and noble', noble, noble],
  ['noble and WebCrypto', noble, web],
  ['WebCrypto and noble', web, noble],
  ['toy and toy', toy, toy],
] as [string, Crypto, Crypto][])('Noise between %s', (_, left, right) => {
  test.each([
    ['XX', undefined],
    ['XXpsk0', psk],
  ])('%s: both sides learn each other, and share hash and ciphers', async (_pattern, key) => {
    const { initiator, responder, read } = await runHandshake({ crypto: left, psk: key }, { crypto: right, psk: key })
    expect(read).toEqual(payloads)
    expect([initiator.finished, responder.finished]).toEqual([true, true])
    expect(initiator.handshakeHash).toEqual(responder.handshakeHash)
    expect(initiator.remoteStatic?.length).toBe(32)
    expect(initiator.remoteStatic).not.toEqual(responder.remoteStatic)
    expect(await ciphersAgree(await run(initiator.split()), await run(responder.split()))).toBe(true)
  })
})

// The toy has the same failures as the real ports (its contract says so), so each position is affordable.
describe.each([
  ['XX', undefined],
  ['XXpsk0', psk],
])('hostile %s', (_pattern, key) => {
  test.each([0, 1, 2])('SE3 a changed byte or a cut anywhere in message %i ends the handshake as a value', async (changed) => {
    let length = 1
    for (let at = 0; at < length; at += 1) {
      for (const spoil of [
        (message: Uint8Array) => message.map((byte, index) => (index === at ? byte ^ 1 : byte)),
        (message: Uint8Array) => message.slice(0, at),
      ]) {
        const side = { crypto: toy, psk: key }
        const { initiator, responder, read } = await runHandshake(side, side, (message, index) => {
          if (index !== changed) return message
          length = message.length
          return spoil(message)
        })
        expect(read.at(-1)).toBeUndefined()
        expect(initiator.finished && responder.finished).toBe(false)
      }
    }
    expect(length).toBeGreaterThanOrEqual(32)
  })

  test('messages of any bytes are refused, and the handshake stays dead', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        const initiator = await handshakeOf('initiator', { crypto: toy, psk: key })
        const responder = await handshakeOf('responder', { crypto: toy, psk: key })
        const first = await run(initiator.writeMessage(emptyPayload))
        expect(await run(initiator.readMessage(bytes))).toBeUndefined()
        expect(() => run(initiator.writeMessage(emptyPayload))).toThrow(/not this side/)
        if (key !== undefined) {
          expect(await run(responder.readMessage(bytes))).toBeUndefined()
          expect(await run(responder.readMessage(first))).toBeUndefined()
        }
      }),
      { numRuns: 200 },
    )
  })
})

test('SE3 a wrong psk, or one on one side only, fails on message 1 before any exchange', async () => {
  let exchanges = 0
  const counting: Crypto = { ...noble, exchange: (own, key) => ((exchanges += 1), noble.exchange(own, key)) }
  for (const other of [new Uint8Array(32).fill(8), undefined]) {
    const { read } = await runHandshake({ crypto: noble, psk: other }, { crypto: counting, psk })
    expect(read).toEqual([undefined])
  }
  expect(exchanges).toBe(0)
})

test('SE13 another prologue fails on the first sealed message', async () => {
  const elsewhere = { crypto: noble, prologue: Uint8Array.of(...prologue, 0) }
  expect((await runHandshake({ crypto: noble }, elsewhere)).read).toEqual([payloads[0], undefined])
  expect((await runHandshake({ crypto: noble, psk }, { ...elsewhere, psk })).read).toEqual([undefined])
})

test('SE11 a low-order ephemeral key is refused where it is read, by responder and initiator', async () => {
  for (const point of lowOrderPoints) {
    for (const changed of [0, 1]) {
      const { read } = await runHandshake({ crypto: noble }, { crypto: noble }, (message, index) =>
        index === changed ? Uint8Array.of(...point, ...message.subarray(32)) : message,
      )
      expect(read.at(-1)).toBeUndefined()
      expect(read.length).toBe(changed + 1)
    }
  }
})

test('SE11 a low-order static key inside a sealed message is refused', async () => {
  const point = lowOrderPoints.at(0) as Uint8Array
  const initiator = new NoiseHandshake({
    crypto: noble,
    role: 'initiator',
    prologue,
    staticKeys: { publicKey: point, privateKey: new Uint8Array(32).fill(1) },
  })
  const responder = await handshakeOf('responder', { crypto: noble })
  await run(responder.readMessage(await run(initiator.writeMessage(emptyPayload))))
  await run(initiator.readMessage(await run(responder.writeMessage(emptyPayload))))
  expect(await run(responder.readMessage(await run(initiator.writeMessage(emptyPayload))))).toBeUndefined()
})

test('a step out of turn is our own mistake and throws, a message out of turn is refused', async () => {
  const initiator = await handshakeOf('initiator', { crypto: noble })
  const responder = await handshakeOf('responder', { crypto: noble })
  expect(() => run(responder.writeMessage(emptyPayload))).toThrow(expect.objectContaining({ code: 'HANDSHAKE_FAILED' }))
  expect(() => run(initiator.split())).toThrow(expect.objectContaining({ code: 'HANDSHAKE_FAILED' }))
  expect(await run(initiator.readMessage(new Uint8Array(100)))).toBeUndefined()
  expect(() => run(initiator.writeMessage(new Uint8Array(65_500)))).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }))
  expect((await run(initiator.writeMessage(emptyPayload))).length).toBe(32)
})

test('SE13 a message that is read on a fork and does not hold leaves the handshake as it was', async () => {
  const initiator = await handshakeOf('initiator', { crypto: noble, psk })
  const responder = await handshakeOf('responder', { crypto: noble, psk })
  await run(responder.readMessage(await run(initiator.writeMessage(emptyPayload))))
  const second = await run(responder.writeMessage(emptyPayload))
  const forged = second.map((byte, index) => (index === 40 ? byte ^ 1 : byte))
  expect(await run(initiator.fork().readMessage(forged))).toBeUndefined()
  const fork = initiator.fork()
  expect(await run(fork.readMessage(second))).toEqual(emptyPayload)
  expect(await run(responder.fork().readMessage(forged))).toBeUndefined()
  expect(await run(responder.readMessage(await run(fork.writeMessage(emptyPayload))))).toEqual(emptyPayload)
  const [left, right] = [await run(fork.splitKeys()), await run(responder.splitKeys())]
  expect([left.send, left.receive]).toEqual([right.receive, right.send])
})

test('with a synchronous port a whole handshake is synchronous', () => {
  const [left, right] = (['initiator', 'responder'] as const).map((role) => {
    const staticKeys = toy.generateExchangeKeys() as Awaited<ReturnType<Crypto['generateExchangeKeys']>>
    return new NoiseHandshake({ crypto: toy, role, staticKeys, prologue })
  }) as [NoiseHandshake, NoiseHandshake]
  const first = run(left.writeMessage(emptyPayload)) as Uint8Array
  expect(run(right.readMessage(first))).toEqual(emptyPayload)
  const second = run(right.writeMessage(emptyPayload)) as Uint8Array
  expect(run(left.readMessage(second))).toEqual(emptyPayload)
  expect(run(right.readMessage(run(left.writeMessage(emptyPayload)) as Uint8Array))).toEqual(emptyPayload)
  expect(run(left.split())).not.toBeInstanceOf(Promise)
})

describe('NoiseCipher', () => {
  const key = new Uint8Array(32).fill(3)

  test('SE12 numbers messages by the order of the calls, also when they overlap', async () => {
    const [send, receive] = [new NoiseCipher(web, key), new NoiseCipher(web, key)]
    const plain = Array.from({ length: 20 }, (_, index) => new Uint8Array(index * 100).fill(index))
    const sealed = await Promise.all(plain.map(async (bytes) => await send.seal(bytes)))
    expect(await Promise.all(sealed.map(async (bytes) => await receive.open(bytes)))).toEqual(plain)
  })

  test.each(['replayed', 'swapped', 'changed', 'short'] as const)('SE12 a %s message fails, and so does all after it', async (how) => {
    const [send, receive] = [new NoiseCipher(noble, key), new NoiseCipher(noble, key)]
    const sealed = Array.from({ length: 4 }, (_, index) => send.seal(Uint8Array.of(index)) as Uint8Array)
    expect(await receive.open(sealed.at(0) as Uint8Array)).toEqual(Uint8Array.of(0))
    const wrong = {
      replayed: sealed.at(0),
      swapped: sealed.at(2),
      changed: sealed.at(1)?.map((byte) => byte ^ 1),
      short: new Uint8Array(15),
    }[how]
    expect(await receive.open(wrong as Uint8Array)).toBeUndefined()
    expect(await receive.open(sealed.at(1) as Uint8Array)).toBeUndefined()
    expect(await receive.open(sealed.at(2) as Uint8Array)).toBeUndefined()
  })

  test('uses up its key at 2^48 messages, and its nonce has all bits of the counter', async () => {
    const last = new NoiseCipher(noble, key, cipherMessagesMax - 1)
    const nonce = Uint8Array.of(0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255)
    expect(last.seal(payloads.at(1) as Uint8Array)).toEqual(noble.seal(key, nonce, emptyPayload, payloads.at(1) as Uint8Array))
    expect(() => last.seal(emptyPayload)).toThrow(expect.objectContaining({ code: 'LINK_FAILED' }))
    expect(await new NoiseCipher(noble, key, cipherMessagesMax).open(new Uint8Array(16))).toBeUndefined()
  })

  test('refuses what no Noise message can carry', () => {
    expect(() => new NoiseCipher(noble, key).seal(new Uint8Array(65_520))).toThrow(expect.objectContaining({ code: 'TOO_LARGE' }))
  })
})
