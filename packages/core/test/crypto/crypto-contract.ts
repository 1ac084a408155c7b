import { describe, expect, test } from 'vitest'
import type { Crypto } from '../../src/ports/crypto.ts'

export interface CryptoContractOptions {
  readonly name: string
  readonly crypto: Crypto
  /** Answers at once, as the simulator and Node need it. */
  readonly synchronous: boolean
  /** Another implementation of the same algorithms; absent for the toy, whose algorithms are its own. */
  readonly reference?: Crypto
}

const bytes = (length: number, start = 0): Uint8Array => Uint8Array.from({ length }, (_, index) => (start + index * 7) & 0xff)
const hex = (text: string): Uint8Array => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
const flipped = (from: Uint8Array, at: number): Uint8Array => from.map((byte, index) => (index === at ? byte ^ (1 << (at % 8)) : byte))
const message = bytes(100)
const nonce = bytes(12, 3)
const key = bytes(32, 9)
const associated = bytes(20, 5)
const nothing = new Uint8Array(0)

/** All points of Curve25519 whose order divides 8, with their non-canonical spellings (RFC 7748 §6.1 and after). */
export const lowOrderPoints: readonly Uint8Array[] = [
  hex('00'.repeat(32)),
  hex(`01${'00'.repeat(31)}`),
  hex('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'),
  hex('5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157'),
  hex(`ec${'ff'.repeat(30)}7f`),
  hex(`ed${'ff'.repeat(30)}7f`),
  hex(`ee${'ff'.repeat(30)}7f`),
]

/** What every Crypto port promises, whatever it is made of. */
export function cryptoContract(options: CryptoContractOptions): void {
  const { crypto, name, reference } = options
  describe(`Crypto port: ${name}`, () => {
    hashing(crypto, reference)
    signing(crypto, reference)
    exchanging(crypto, reference)
    sealing(crypto, reference)

    test(options.synchronous ? 'every answer is there at once' : 'every answer is a promise', async () => {
      const keys = await crypto.generateKeyPair()
      const exchangeKeys = await crypto.generateExchangeKeys()
      const answers = [
        crypto.sha256(message),
        crypto.hmacSha256(key, message),
        crypto.generateKeyPair(),
        crypto.keyPairFromSeed(key),
        keys.sign(message),
        crypto.verify(keys.publicKey, message, bytes(64)),
        crypto.generateExchangeKeys(),
        crypto.exchange(exchangeKeys, exchangeKeys.publicKey),
        crypto.seal(key, nonce, nothing, message),
        crypto.open(key, nonce, nothing, bytes(40)),
      ]
      expect(answers.map((answer) => answer instanceof Promise)).toEqual(answers.map(() => !options.synchronous))
      for (const answer of answers) await answer
    })
  })
}

function hashing(crypto: Crypto, reference: Crypto | undefined): void {
  test('hashes have 32 bytes, repeat, and change with every byte of key and text', async () => {
    const hash = await crypto.sha256(message)
    const mac = await crypto.hmacSha256(key, message)
    expect([hash.length, mac.length]).toEqual([32, 32])
    expect(await crypto.sha256(message)).toEqual(hash)
    for (let at = 0; at < message.length; at += 1) {
      expect(await crypto.sha256(flipped(message, at))).not.toEqual(hash)
      expect(await crypto.hmacSha256(key, flipped(message, at))).not.toEqual(mac)
    }
    for (let at = 0; at < key.length; at += 1) expect(await crypto.hmacSha256(flipped(key, at), message)).not.toEqual(mac)
    expect((await crypto.sha256(nothing)).length).toBe(32)
    expect((await crypto.hmacSha256(nothing, nothing)).length).toBe(32)
  })

  test('PBKDF2 gives 32 bytes that change with passphrase, salt and rounds', async () => {
    const derived = await crypto.pbkdf2Sha256(message, nonce, 2)
    expect(derived.length).toBe(32)
    expect(await crypto.pbkdf2Sha256(message, nonce, 2)).toEqual(derived)
    expect(await crypto.pbkdf2Sha256(flipped(message, 3), nonce, 2)).not.toEqual(derived)
    expect(await crypto.pbkdf2Sha256(message, flipped(nonce, 3), 2)).not.toEqual(derived)
    expect(await crypto.pbkdf2Sha256(message, nonce, 3)).not.toEqual(derived)
  })

  if (reference === undefined) return
  test('PBKDF2 gives the first 32 bytes of the answer of RFC 7914', async () => {
    const text = (words: string): Uint8Array => new TextEncoder().encode(words)
    expect(await crypto.pbkdf2Sha256(text('passwd'), text('salt'), 1)).toEqual(
      hex('55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc'),
    )
  })

  test('SHA-256 and HMAC give the answers of FIPS 180-4 and RFC 4231', async () => {
    const text = (words: string): Uint8Array => new TextEncoder().encode(words)
    expect(await crypto.sha256(text('abc'))).toEqual(hex('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'))
    expect(await crypto.hmacSha256(text('Jefe'), text('what do ya want for nothing?'))).toEqual(
      hex('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'),
    )
    expect(await crypto.hmacSha256(nothing, message)).toEqual(await reference.hmacSha256(nothing, message))
  })
}

function signing(crypto: Crypto, reference: Crypto | undefined): void {
  test('a signature verifies, and no changed message, signature or key does', async () => {
    const keyPair = await crypto.generateKeyPair()
    const { publicKey } = keyPair
    const signature = await keyPair.sign(message)
    expect([publicKey.length, signature.length]).toEqual([32, 64])
    expect(await crypto.verify(publicKey, message, signature)).toBe(true)
    for (let at = 0; at < message.length; at += 9) expect(await crypto.verify(publicKey, flipped(message, at), signature)).toBe(false)
    for (let at = 0; at < 64; at += 1) expect(await crypto.verify(publicKey, message, flipped(signature, at))).toBe(false)
    for (let at = 0; at < 32; at += 1) expect(await crypto.verify(flipped(publicKey, at), message, signature)).toBe(false)
    expect(await crypto.verify((await crypto.generateKeyPair()).publicKey, message, signature)).toBe(false)
  })

  test('a seed gives the same pair again, another seed another', async () => {
    const keyPair = await crypto.keyPairFromSeed(key)
    expect((await crypto.keyPairFromSeed(key)).publicKey).toEqual(keyPair.publicKey)
    expect((await crypto.keyPairFromSeed(flipped(key, 0))).publicKey).not.toEqual(keyPair.publicKey)
    expect(await crypto.verify(keyPair.publicKey, message, await keyPair.sign(message))).toBe(true)
  })

  if (reference !== undefined) {
    test('a seed gives the same pair in every implementation', async () => {
      expect((await crypto.keyPairFromSeed(key)).publicKey).toEqual((await reference.keyPairFromSeed(key)).publicKey)
    })
  }

  test('malformed keys and signatures are false, never an exception', async () => {
    const keyPair = await crypto.generateKeyPair()
    const { publicKey } = keyPair
    const signature = await keyPair.sign(message)
    for (const wrong of [nothing, publicKey.subarray(1), bytes(33), bytes(32).fill(255)]) {
      expect(await crypto.verify(wrong, message, signature)).toBe(false)
    }
    for (const wrong of [nothing, signature.subarray(1), bytes(65), bytes(64).fill(255), bytes(64).fill(0)]) {
      expect(await crypto.verify(publicKey, message, wrong)).toBe(false)
    }
  })

  if (reference === undefined) return
  test('signatures hold across implementations', async () => {
    for (const [signer, verifier] of [
      [crypto, reference],
      [reference, crypto],
    ] as [Crypto, Crypto][]) {
      const keyPair = await signer.generateKeyPair()
      const signature = await keyPair.sign(message)
      expect(await verifier.verify(keyPair.publicKey, message, signature)).toBe(true)
      expect(await verifier.verify(keyPair.publicKey, message.subarray(1), signature)).toBe(false)
    }
  })
}

function exchanging(crypto: Crypto, reference: Crypto | undefined): void {
  test('an exchange gives both sides the same secret, and nobody else', async () => {
    const left = await crypto.generateExchangeKeys()
    const [right, other] = [await crypto.generateExchangeKeys(), await crypto.generateExchangeKeys()]
    const secret = await crypto.exchange(left, right.publicKey)
    expect(secret?.length).toBe(32)
    expect(await crypto.exchange(right, left.publicKey)).toEqual(secret)
    expect(await crypto.exchange(other, left.publicKey)).not.toEqual(secret)
  })

  test('SE11 low-order and malformed points give undefined', async () => {
    const own = await crypto.generateExchangeKeys()
    const points = reference === undefined ? lowOrderPoints.slice(0, 1) : lowOrderPoints
    for (const point of [...points, nothing, bytes(31), bytes(33)]) expect(await crypto.exchange(own, point)).toBeUndefined()
  })

  if (reference === undefined) return
  test('exchanges agree across implementations', async () => {
    const [left, right] = [await crypto.generateExchangeKeys(), await reference.generateExchangeKeys()]
    expect(await crypto.exchange(left, right.publicKey)).toEqual(await reference.exchange(right, left.publicKey))
  })
}

function sealing(crypto: Crypto, reference: Crypto | undefined): void {
  test('what is sealed opens, whatever its length, and leaves its input alone', async () => {
    for (const length of [0, 1, 15, 16, 17, 1_000, 65_000]) {
      const plain = bytes(length)
      const sealed = await crypto.seal(key, nonce, associated, plain)
      expect(sealed.length).toBe(length + 16)
      expect(Object.getPrototypeOf(sealed)).toBe(Uint8Array.prototype)
      const opened = await crypto.open(key, nonce, associated, sealed)
      expect(opened).toEqual(plain)
      expect(plain).toEqual(bytes(length))
      opened?.fill(0)
      expect(await crypto.open(key, nonce, associated, sealed)).toEqual(plain)
    }
  })

  test('no changed byte of ciphertext, key, nonce or associated data opens, nor a cut', async () => {
    const sealed = await crypto.seal(key, nonce, associated, message)
    for (let at = 0; at < sealed.length; at += 1) expect(await crypto.open(key, nonce, associated, flipped(sealed, at))).toBeUndefined()
    for (let at = 0; at < key.length; at += 1) expect(await crypto.open(flipped(key, at), nonce, associated, sealed)).toBeUndefined()
    for (let at = 0; at < nonce.length; at += 1) expect(await crypto.open(key, flipped(nonce, at), associated, sealed)).toBeUndefined()
    for (let at = 0; at < associated.length; at += 1) {
      expect(await crypto.open(key, nonce, flipped(associated, at), sealed)).toBeUndefined()
    }
    for (let length = 0; length < sealed.length; length += 1) {
      expect(await crypto.open(key, nonce, associated, sealed.subarray(0, length))).toBeUndefined()
    }
  })

  if (reference === undefined) return
  test('AES-256-GCM agrees across implementations', async () => {
    for (const plain of [nothing, message]) {
      for (const data of [nothing, associated]) {
        expect(await crypto.seal(key, nonce, data, plain)).toEqual(await reference.seal(key, nonce, data, plain))
      }
    }
  })
}
