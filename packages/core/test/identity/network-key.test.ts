import { webcrypto } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { nobleCrypto } from '../../src/crypto/noble-crypto.ts'
import { webCrypto } from '../../src/crypto/web-crypto.ts'
import { keyText, keyTextKind, keyOfText } from '../../src/identity/key-text.ts'
import {
  admissionKeyHash,
  deriveKeyring,
  deriveNetworkKeys,
  isWeakKey,
  keysBehind,
  networkKeySources,
  passphraseRounds,
} from '../../src/identity/network-key.ts'
import type { Crypto } from '../../src/ports/crypto.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'

const noble = nobleCrypto(new SeededDice(1))
const ports: readonly (readonly [string, Crypto])[] = [
  ['noble', noble],
  ['WebCrypto', webCrypto(webcrypto.subtle)],
]
const key = Uint8Array.from({ length: 32 }, (_, index) => index)
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const refused = expect.objectContaining({ code: 'INVALID_OPTION' })

describe('SE7 what a network key becomes', () => {
  // Worked out with Python's hmac, hashlib and cryptography.
  test.each(ports)('psk, broadcast key and admission pair are HKDF under the name of the network (%s)', async (_name, crypto) => {
    const keys = await deriveNetworkKeys({ kind: 'bytes', bytes: key }, 'garden', crypto)
    expect(hex(keys.psk)).toBe('4bce6c5861a3cb305155b965e47ab7844f0316f16d5139147ba06edc410f1c43')
    expect(hex(keys.broadcastKey)).toBe('340836ff9c69e9c49be2cf1577bad0ab89af9dfc10f6e7b736b14cc8cd767cdc')
    expect(hex(keys.admission.publicKey)).toBe('d32b5cb6995f30f1be47efe70763d2de4c8877cc8ac613646b9c8aebcaef2a32')
    expect(hex(keys.keyHash)).toBe('c20d33c3f832855ab04644d1e9d6f937')
    expect(hex(await admissionKeyHash(keys.admission.publicKey, crypto))).toBe(hex(keys.keyHash))
    const signature = await keys.admission.sign(key)
    expect(await noble.verify(keys.admission.publicKey, key, signature)).toBe(true)
  })

  test('one key in two networks gives unrelated values', async () => {
    const garden = await deriveNetworkKeys({ kind: 'bytes', bytes: key }, 'garden', noble)
    const orchard = await deriveNetworkKeys({ kind: 'bytes', bytes: key }, 'orchard', noble)
    expect(hex(orchard.psk)).toBe('584f89def1906fc8068ce740c81c4ab9b80167e89d5820387999bb979f727448')
    expect(hex(orchard.keyHash)).not.toBe(hex(garden.keyHash))
  })

  test('a passphrase is 600 000 rounds of PBKDF2 first, the same in every form of its accents', async () => {
    expect(passphraseRounds).toBe(600_000)
    const crypto = webCrypto(webcrypto.subtle)
    const [source] = networkKeySources('correct horse battery staple')
    const keys = await deriveNetworkKeys(source!, 'garden', crypto)
    expect(hex(keys.psk)).toBe('6d7d6e978fd52dc261f9fc685a1982c6b73bd2a766e0f742001ac908249d0dde')
    expect(networkKeySources('pass\u00e9')).toEqual(networkKeySources('passe\u0301'))
  })

  test('SE8 a rotation is a list: the first speaks, all are found by their hash', async () => {
    const sources = networkKeySources([key.map((byte) => byte ^ 1), keyText('network', key), key])
    const keyring = await deriveKeyring(sources, 'garden', noble)
    expect(keyring).toHaveLength(2)
    expect(hex(keyring[1]!.keyHash)).toBe('c20d33c3f832855ab04644d1e9d6f937')
    expect(keysBehind(keyring, keyring[1]!.keyHash)).toBe(keyring[1])
    expect(keysBehind(keyring, new Uint8Array(16))).toBeUndefined()
    expect(keysBehind(undefined, new Uint8Array(16))).toBeUndefined()
  })

  test('a short passphrase is weak, 20 characters and 32 bytes are not', () => {
    const weak = (given: unknown): boolean[] => networkKeySources(given).map(isWeakKey)
    expect(weak(['x'.repeat(19), 'x'.repeat(20), key])).toEqual([true, false, false])
    // Characters, not UTF-16 halves.
    expect(weak('🌻'.repeat(19))).toEqual([true])
  })

  test('what is no key is refused, and never quoted', () => {
    const damaged = keyText('network', key).replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'))
    const wrong = [
      undefined,
      null,
      7,
      '',
      '  ',
      [],
      {},
      key.subarray(1),
      new Uint8Array(33),
      damaged,
      damaged.slice(0, -1),
      `${damaged}a`,
      keyText('admission', key),
      'x'.repeat(1_025),
      Array.from({ length: 5 }, (_, index) => key.map((byte) => byte ^ index)),
    ]
    for (const given of wrong) expect(() => networkKeySources(given)).toThrow(refused)
    for (const given of [damaged, keyText('admission', key)]) {
      expect(() => networkKeySources(given)).not.toThrow(expect.objectContaining({ message: expect.stringContaining(given.slice(4, 20)) }))
    }
  })
})

describe('keys as text', () => {
  test('a text gives its key back, whatever its case and the space around it', () => {
    for (const kind of ['network', 'admission'] as const) {
      const text = keyText(kind, key)
      expect(text).toMatch(/^hm[kp]-[a-z2-7]{56}$/)
      expect(keyTextKind(text)).toBe(kind)
      expect(keyOfText(kind, ` ${text.toUpperCase()}\n`)).toEqual(key)
    }
    expect(keyOfText('network', keyText('admission', key))).toBeUndefined()
    expect(keyTextKind('a passphrase')).toBeUndefined()
  })

  test('one wrong character is noticed, and so is a secret that is called public', () => {
    const text = keyText('network', key)
    for (let at = 4; at < text.length; at += 1) {
      const other = text[at] === 'a' ? 'b' : 'a'
      expect(keyOfText('network', text.slice(0, at) + other + text.slice(at + 1)), `character ${at}`).toBeUndefined()
    }
    expect(keyOfText('admission', text.replace('hmk-', 'hmp-'))).toBeUndefined()
  })
})
