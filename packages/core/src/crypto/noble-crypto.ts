import { gcm } from '@noble/ciphers/aes.js'
import { ed25519, x25519 } from '@noble/curves/ed25519.js'
import { hmac } from '@noble/hashes/hmac.js'
import { pbkdf2Async } from '@noble/hashes/pbkdf2.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { Crypto, KeyPair } from '../ports/crypto.ts'
import type { Dice } from '../ports/dice.ts'

const seedBytes = 32

/** An Ed25519 identity from its 32-byte seed, signing in JavaScript. */
export function keyPairFromSeed(seed: Uint8Array): KeyPair {
  const secret = seed.slice()
  const publicKey = ed25519.getPublicKey(secret)
  return { publicKey, sign: (message) => ed25519.sign(message, secret) }
}

/** The Crypto port in JavaScript alone, for pages on insecure origins and as a reference. Every answer is at once, but that of PBKDF2. */
export function nobleCrypto(dice: Dice): Crypto {
  return {
    sha256: (bytes) => sha256(bytes),
    hmacSha256: (key, bytes) => hmac(sha256, key, bytes),
    // A second or more of work: the page goes on meanwhile.
    pbkdf2Sha256: (passphrase, salt, rounds) => pbkdf2Async(sha256, passphrase, salt, { c: rounds, dkLen: 32 }),
    generateKeyPair: () => keyPairFromSeed(dice.bytes(seedBytes)),
    keyPairFromSeed,
    verify(publicKey, message, signature) {
      return valueOf(() => ed25519.verify(signature, message, publicKey, { zip215: false })) ?? false
    },
    generateExchangeKeys() {
      const privateKey = dice.bytes(seedBytes)
      return { publicKey: x25519.getPublicKey(privateKey), privateKey }
    },
    exchange: (own, publicKey) => valueOf(() => x25519.getSharedSecret(own.privateKey as Uint8Array, publicKey)),
    seal: (key, nonce, associated, plain) => gcm(key, nonce, associated).encrypt(plain),
    open: (key, nonce, associated, sealed) => valueOf(() => gcm(key, nonce, associated).decrypt(sealed)),
  }
}

/** @noble throws at what a peer can cause (a malformed point, a false tag); the port answers with a value. */
function valueOf<T>(attempt: () => T): T | undefined {
  try {
    return attempt()
  } catch {
    return undefined
  }
}
