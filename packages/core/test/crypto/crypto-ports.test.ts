import { webcrypto } from 'node:crypto'
import { expect, test } from 'vitest'
import { keyPairFromSeed, nobleCrypto } from '../../src/crypto/noble-crypto.ts'
import { createStoredKeyPair, keyPairFromStored, webCrypto, webCryptoWorks, type WebSubtle } from '../../src/crypto/web-crypto.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { toyCrypto, toyKeyPair } from '../../src/testing/toy-crypto.ts'
import { cryptoContract } from './crypto-contract.ts'

const subtle: WebSubtle = webcrypto.subtle
const noble = nobleCrypto(new SeededDice(1))

cryptoContract({ name: 'noble', crypto: noble, synchronous: true, reference: nobleCrypto(new SeededDice(2)) })
cryptoContract({ name: 'WebCrypto', crypto: webCrypto(subtle), synchronous: false, reference: noble })
cryptoContract({ name: 'toy', crypto: toyCrypto(new SeededDice(3)), synchronous: true })

test('Ed25519 in JavaScript gives the first answer of RFC 8032', async () => {
  const seed = Uint8Array.from(Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex'))
  const keyPair = keyPairFromSeed(seed)
  expect(Buffer.from(keyPair.publicKey).toString('hex')).toBe('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a')
  expect(Buffer.from(await keyPair.sign(new Uint8Array(0))).toString('hex')).toBe(
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  )
})

test('SE11 a stored key pair survives a structured clone, signs after it, and cannot be read', async () => {
  const stored = structuredClone(await createStoredKeyPair(subtle))
  const message = Uint8Array.of(1, 2, 3)
  const signature = await keyPairFromStored(subtle, stored).sign(message)
  expect(await noble.verify(stored.publicKey, message, signature)).toBe(true)
  expect(stored.privateKey.extractable).toBe(false)
})

test('SE11 a WebCrypto that lacks a curve or loses keys is noticed', async () => {
  expect(await webCryptoWorks(subtle)).toBe(true)
  expect(await webCryptoWorks(undefined)).toBe(false)
  const without = (lacking: string): WebSubtle =>
    new Proxy(subtle, {
      get: (target, name: keyof WebSubtle) =>
        name === 'generateKey'
          ? (algorithm: { name: string }, ...rest: [boolean, never[]]) =>
              algorithm.name === lacking ? Promise.reject(new Error('lacking')) : target.generateKey(algorithm, ...rest)
          : (target[name] as unknown as () => void).bind(target),
    })
  expect(await webCryptoWorks(without('nothing'))).toBe(true)
  expect(await webCryptoWorks(without('X25519'))).toBe(false)
  expect(await webCryptoWorks(without('Ed25519'))).toBe(false)
  // One that does not tell the public half of a pair that was made of a seed.
  const silent = new Proxy(subtle, {
    get: (target, name: keyof WebSubtle) =>
      name === 'exportKey'
        ? async (format: string, key: never) => (format === 'jwk' ? {} : target.exportKey('raw', key))
        : (target[name] as unknown as () => void).bind(target),
  })
  expect(await webCryptoWorks(silent)).toBe(false)
})

test('the toy repeats from its seed, and makes small work of small inputs', () => {
  expect(toyKeyPair(Uint8Array.of(1)).publicKey).toEqual(toyKeyPair(Uint8Array.of(1)).publicKey)
  expect(toyCrypto(new SeededDice(4)).generateExchangeKeys()).toEqual(toyCrypto(new SeededDice(4)).generateExchangeKeys())
  const crypto = toyCrypto(new SeededDice(5))
  const input = new Uint8Array(64)
  for (let round = 0; round < 20_000; round += 1) void crypto.sha256(input)
  const before = process.cpuUsage()
  for (let round = 0; round < 20_000; round += 1) void crypto.sha256(input)
  // Well under 5 µs of this process; the margin is for a slower machine.
  expect(process.cpuUsage(before).user / 20_000).toBeLessThan(20)
})
