// A Crypto port that protects NOTHING: anyone can forge its signatures and read its ciphertext. It exists so that the
// simulator can run hundreds of handshakes in a moment, replayed exactly from one seed. It has the shapes and the
// failures of the real ports: a changed ciphertext opens to undefined, a wrong signature does not verify, both sides of
// an exchange get the same secret. Never use it where a stranger may connect.

import type { Crypto, KeyPair } from '../ports/crypto.ts'
import type { Dice } from '../ports/dice.ts'
import { allocate } from '../bytes/slab.ts'

const keyBytes = 32
const signatureBytes = 64
const tagBytes = 16

// The primes of xxHash32: odd, with well spread bits.
const primes = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f] as const

/** Four 32-bit lanes over all parts, each part closed by its length. One for all: nothing here waits. */
class ToyHash {
  private a = 0
  private b = 0
  private c = 0
  private d = 0

  begin(domain: number): this {
    this.a = domain ^ primes[0]
    this.b = domain ^ primes[1]
    this.c = domain ^ primes[2]
    this.d = domain ^ primes[3]
    return this
  }

  /** As `add`, in a fraction of the time: a word for each lane at once, which meet at the end. */
  addLong(bytes: Uint8Array): this {
    let { a, b, c, d } = this
    let at = 0
    for (; at + 16 <= bytes.length; at += 16) {
      a = Math.imul(rotate(a ^ wordAt(bytes, at), 13), primes[0])
      b = Math.imul(rotate(b ^ wordAt(bytes, at + 4), 13), primes[1])
      c = Math.imul(rotate(c ^ wordAt(bytes, at + 8), 13), primes[2])
      d = Math.imul(rotate(d ^ wordAt(bytes, at + 12), 13), primes[3])
    }
    this.a = a
    this.b = b
    this.c = c
    this.d = d
    return this.add(bytes, bytes.length, at)
  }

  /** The first `length` bytes from `start` on. */
  add(bytes: Uint8Array, length: number = bytes.length, start: number = 0): this {
    let at = start
    for (; at + 4 <= length; at += 4) this.word(wordAt(bytes, at))
    let rest = 0
    for (let shift = 0; at < length; at += 1, shift += 8) rest |= bytes[at]! << shift
    this.word(rest)
    this.word(length ^ 0x5bd1e995)
    return this
  }

  /** Writes `count` bytes that depend on all that was added. */
  squeeze(into: Uint8Array, start: number = 0, count: number = into.length): Uint8Array {
    for (let at = 0; at < count; at += 4) {
      let value = this.next(at)
      for (let index = at; index < at + 4 && index < count; index += 1, value >>>= 8) into[start + index] = value & 0xff
    }
    return into
  }

  /** Whether `squeeze` would write what is there already. */
  matches(bytes: Uint8Array, start: number, count: number): boolean {
    let difference = 0
    for (let at = 0; at < count; at += 4) {
      let value = this.next(at)
      for (let index = at; index < at + 4 && index < count; index += 1, value >>>= 8) difference |= bytes[start + index]! ^ (value & 0xff)
    }
    return difference === 0
  }

  /** 32 bits for the place `at` of the output. */
  next(at: number): number {
    this.word(at)
    this.word(this.c ^ primes[1])
    let value = this.a ^ this.d
    value = Math.imul(value ^ (value >>> 15), primes[2])
    return value ^ (value >>> 13)
  }

  private word(value: number): void {
    const a = Math.imul(this.a ^ value, primes[0])
    this.a = rotate(this.b + a, 13)
    this.b = rotate(this.c ^ Math.imul(this.a, primes[1]), 17)
    this.c = rotate(this.d + this.b, 11)
    this.d = Math.imul(rotate(a ^ this.c, 19), primes[3])
  }
}

const hash = new ToyHash()

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by))
}

function digest(domain: number, length: number, ...parts: readonly Uint8Array[]): Uint8Array {
  hash.begin(domain)
  for (const part of parts) hash.add(part)
  return hash.squeeze(new Uint8Array(length))
}

const domains = { sha256: 1, hmac: 2, publicKey: 3, signature: 4, exchangeKey: 5, secret: 6, stream: 7, tag: 8, pbkdf2: 9 } as const

function signed(publicKey: Uint8Array, message: Uint8Array): ToyHash {
  return hash.begin(domains.signature).addLong(publicKey).addLong(message)
}

function tagged(key: Uint8Array, nonce: Uint8Array, associated: Uint8Array, plain: Uint8Array): ToyHash {
  return hash.begin(domains.tag).addLong(key).add(nonce).addLong(associated).addLong(plain)
}

/** An identity of the toy port; the same seed gives the same key. */
export function toyKeyPair(seed: Uint8Array): KeyPair {
  const publicKey = digest(domains.publicKey, keyBytes, seed)
  return { publicKey, sign: (message) => signed(publicKey, message).squeeze(new Uint8Array(signatureBytes)) }
}

/** For the simulator only; all chance comes from `dice`. */
export function toyCrypto(dice: Dice): Crypto {
  return {
    sha256: (bytes) => digest(domains.sha256, keyBytes, bytes),
    hmacSha256: (key, bytes) => digest(domains.hmac, keyBytes, key, bytes),
    pbkdf2Sha256: (passphrase, salt, rounds) => digest(domains.pbkdf2, keyBytes, passphrase, salt, Uint8Array.of(rounds & 0xff)),
    generateKeyPair: () => toyKeyPair(dice.bytes(keyBytes)),
    keyPairFromSeed: toyKeyPair,
    verify: (publicKey, message, signature) =>
      publicKey.length === keyBytes &&
      signature.length === signatureBytes &&
      signed(publicKey, message).matches(signature, 0, signatureBytes),
    generateExchangeKeys() {
      const privateKey = dice.bytes(keyBytes)
      return { publicKey: digest(domains.exchangeKey, keyBytes, privateKey), privateKey }
    },
    // The secret is a hash of what both sides know publicly, in an order that both agree on.
    exchange(own, publicKey) {
      if (publicKey.length !== keyBytes || publicKey.every((byte) => byte === 0)) return undefined
      return digest(
        domains.secret,
        keyBytes,
        own.publicKey.map((byte, index) => byte ^ publicKey[index]!),
      )
    },
    seal(key, nonce, associated, plain) {
      const { length } = plain
      const sealed = allocate(length + tagBytes)
      mask(key, nonce, plain, sealed, length)
      tagged(key, nonce, associated, plain).squeeze(sealed, length, tagBytes)
      return sealed
    },
    open(key, nonce, associated, sealed) {
      const length = sealed.length - tagBytes
      if (length < 0) return undefined
      const plain = allocate(length)
      mask(key, nonce, sealed, plain, length)
      const holds = tagged(key, nonce, associated, plain).matches(sealed, length, tagBytes)
      return holds ? plain : undefined
    },
  }
}

/** XORs four bytes, repeated: enough that a forgotten `open` shows, and that nobody reads what is sealed. */
function mask(key: Uint8Array, nonce: Uint8Array, from: Uint8Array, into: Uint8Array, length: number): void {
  const word = hash.begin(domains.stream).add(key, 8).add(nonce).next(0)
  const [a, b, c, d] = [word & 0xff, (word >>> 8) & 0xff, (word >>> 16) & 0xff, word >>> 24]
  let index = 0
  for (; index + 4 <= length; index += 4) {
    into[index] = from[index]! ^ a
    into[index + 1] = from[index + 1]! ^ b
    into[index + 2] = from[index + 2]! ^ c
    into[index + 3] = from[index + 3]! ^ d
  }
  for (; index < length; index += 1) into[index] = from[index]! ^ ((word >>> ((index & 3) << 3)) & 0xff)
}
