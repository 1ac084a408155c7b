import { base64urlnopad } from '@scure/base'
import { concatBytes } from '../bytes/concat-bytes.ts'
import type { Crypto, KeyPair } from '../ports/crypto.ts'

/** A WebCrypto key as core sees it: opaque, kept by the browser, and cloned into IndexedDB without ever being readable. */
export interface WebKey {
  readonly type: string
  readonly extractable: boolean
}

export type WebKeyUsage = 'sign' | 'verify' | 'deriveBits' | 'encrypt' | 'decrypt'

export interface WebAlgorithm {
  readonly name: string
  readonly hash?: string
  readonly public?: WebKey
  readonly iv?: Uint8Array<ArrayBuffer>
  readonly additionalData?: Uint8Array<ArrayBuffer>
  readonly salt?: Uint8Array<ArrayBuffer>
  readonly iterations?: number
}

/** What hopmesh uses of `SubtleCrypto`: pass `globalThis.crypto.subtle`. */
export interface WebSubtle {
  digest(algorithm: string, data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer>
  generateKey(algorithm: WebAlgorithm, extractable: boolean, usages: WebKeyUsage[]): Promise<unknown>
  importKey(
    format: 'raw' | 'pkcs8',
    data: Uint8Array<ArrayBuffer>,
    algorithm: WebAlgorithm,
    extractable: boolean,
    usages: WebKeyUsage[],
  ): Promise<WebKey>
  exportKey(format: 'raw', key: WebKey): Promise<ArrayBuffer>
  exportKey(format: 'jwk', key: WebKey): Promise<{ readonly x?: string | undefined }>
  sign(algorithm: WebAlgorithm, key: WebKey, data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer>
  verify(algorithm: WebAlgorithm, key: WebKey, signature: Uint8Array<ArrayBuffer>, data: Uint8Array<ArrayBuffer>): Promise<boolean>
  deriveBits(algorithm: WebAlgorithm, key: WebKey, length: number): Promise<ArrayBuffer>
  encrypt(algorithm: WebAlgorithm, key: WebKey, data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer>
  decrypt(algorithm: WebAlgorithm, key: WebKey, data: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer>
}

/** An identity that survives a reload: structured-clonable, the private half never readable by the page. */
export interface StoredKeyPair {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array
  readonly privateKey: WebKey
}

interface WebKeyPair {
  readonly publicKey: WebKey
  readonly privateKey: WebKey
}

const ed25519: WebAlgorithm = { name: 'Ed25519' }
const x25519: WebAlgorithm = { name: 'X25519' }
const hmacSha256: WebAlgorithm = { name: 'HMAC', hash: 'SHA-256' }
const secretBits = 256
/** PKCS #8 around the 32 bytes of an Ed25519 seed (RFC 8410): the only form in which WebCrypto takes one. */
const ed25519Pkcs8 = Uint8Array.of(0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20)

/** Draws an Ed25519 identity to put into IndexedDB. Rejects where the browser lacks Ed25519. */
export async function createStoredKeyPair(subtle: WebSubtle): Promise<StoredKeyPair> {
  const { publicKey, privateKey } = (await subtle.generateKey(ed25519, false, ['sign', 'verify'])) as WebKeyPair
  return { publicKey: new Uint8Array(await subtle.exportKey('raw', publicKey)), privateKey }
}

/** The identity that was stored. Some browsers lose non-extractable keys: sign and verify once after reading one back. */
export function keyPairFromStored(subtle: WebSubtle, stored: StoredKeyPair): KeyPair {
  return {
    publicKey: stored.publicKey,
    sign: async (message) => new Uint8Array(await subtle.sign(ed25519, stored.privateKey, plainBytes(message))),
  }
}

/** The Ed25519 pair of a seed, to put into IndexedDB: from here on its private half is as unreadable as a drawn one. */
export async function storedKeyPairFromSeed(subtle: WebSubtle, seed: Uint8Array): Promise<StoredKeyPair> {
  const pkcs8 = plainBytes(concatBytes([ed25519Pkcs8, seed]))
  // Only a readable key tells its public half, so it is imported twice.
  const { x = '' } = await subtle.exportKey('jwk', await subtle.importKey('pkcs8', pkcs8, ed25519, true, ['sign']))
  return { publicKey: base64urlnopad.decode(x), privateKey: await subtle.importKey('pkcs8', pkcs8, ed25519, false, ['sign']) }
}

/** Tries everything that `webCrypto` needs once. False: this browser needs `nobleCrypto`. Never rejects. */
export async function webCryptoWorks(subtle: WebSubtle | undefined): Promise<boolean> {
  if (subtle === undefined) return false
  try {
    const crypto = webCrypto(subtle)
    const message = Uint8Array.of(1, 2, 3)
    const keyPair = await crypto.generateKeyPair()
    const [own, other] = [await crypto.generateExchangeKeys(), await crypto.generateExchangeKeys()]
    const secret = await crypto.exchange(own, other.publicKey)
    if (secret === undefined || !(await signs(crypto, keyPair))) return false
    // For keys of networks and identities as text; the public half comes by a way of its own.
    if (!(await signs(crypto, await crypto.keyPairFromSeed(secret)))) return false
    const nonce = new Uint8Array(12)
    const sealed = await crypto.seal(secret, nonce, message, message)
    return (await crypto.open(secret, nonce, message, sealed))?.length === message.length
  } catch {
    return false
  }
}

async function signs(crypto: Crypto, keyPair: KeyPair): Promise<boolean> {
  const message = Uint8Array.of(1, 2, 3)
  return crypto.verify(keyPair.publicKey, message, await keyPair.sign(message))
}

/**
 * The Crypto port over WebCrypto. Private keys are never extractable; every answer is a promise, and answers to calls
 * that overlap may come in any order.
 */
export function webCrypto(subtle: WebSubtle): Crypto {
  // Importing costs as much as sealing. A link uses the same key array for its whole life, so the array is the key here,
  // and what is forgotten there is forgotten here.
  const imported = new WeakMap<Uint8Array, WebKey | Promise<WebKey>>()
  const cipherKey = (key: Uint8Array): WebKey | Promise<WebKey> => {
    let known = imported.get(key)
    if (known === undefined) {
      known = subtle.importKey('raw', plainBytes(key), { name: 'AES-GCM' }, false, ['encrypt', 'decrypt']).then((webKey) => {
        imported.set(key, webKey)
        return webKey
      })
      imported.set(key, known)
    }
    return known
  }
  return {
    sha256: async (bytes) => new Uint8Array(await subtle.digest('SHA-256', plainBytes(bytes))),
    async hmacSha256(key, bytes) {
      // WebCrypto refuses an empty key; HMAC pads keys with zeros, so one zero byte is the same key.
      const raw = key.length === 0 ? new Uint8Array(1) : plainBytes(key)
      const webKey = await subtle.importKey('raw', raw, hmacSha256, false, ['sign'])
      return new Uint8Array(await subtle.sign({ name: 'HMAC' }, webKey, plainBytes(bytes)))
    },
    async pbkdf2Sha256(passphrase, salt, rounds) {
      const key = await subtle.importKey('raw', plainBytes(passphrase), { name: 'PBKDF2' }, false, ['deriveBits'])
      const algorithm = { name: 'PBKDF2', hash: 'SHA-256', salt: plainBytes(salt), iterations: rounds }
      return new Uint8Array(await subtle.deriveBits(algorithm, key, secretBits))
    },
    generateKeyPair: async () => keyPairFromStored(subtle, await createStoredKeyPair(subtle)),
    keyPairFromSeed: async (seed) => keyPairFromStored(subtle, await storedKeyPairFromSeed(subtle, seed)),
    async verify(publicKey, message, signature) {
      try {
        const key = await subtle.importKey('raw', plainBytes(publicKey), ed25519, false, ['verify'])
        return await subtle.verify(ed25519, key, plainBytes(signature), plainBytes(message))
      } catch {
        return false
      }
    },
    async generateExchangeKeys() {
      const { publicKey, privateKey } = (await subtle.generateKey(x25519, false, ['deriveBits'])) as WebKeyPair
      return { publicKey: new Uint8Array(await subtle.exportKey('raw', publicKey)), privateKey }
    },
    async exchange(own, publicKey) {
      try {
        const remote = await subtle.importKey('raw', plainBytes(publicKey), x25519, false, [])
        const secret = await subtle.deriveBits({ name: 'X25519', public: remote }, own.privateKey as WebKey, secretBits)
        const bytes = new Uint8Array(secret)
        return bytes.every((byte) => byte === 0) ? undefined : bytes
      } catch {
        return undefined
      }
    },
    // Each piece of a stream passes here: no turn more than the browser itself takes.
    seal(key, nonce, associated, plain) {
      const encrypt = (webKey: WebKey): Promise<ArrayBuffer> => subtle.encrypt(gcm(nonce, associated), webKey, plainBytes(plain))
      const webKey = cipherKey(key)
      return (webKey instanceof Promise ? webKey.then(encrypt) : encrypt(webKey)).then(viewOf)
    },
    open(key, nonce, associated, sealed) {
      const decrypt = (webKey: WebKey): Promise<ArrayBuffer> => subtle.decrypt(gcm(nonce, associated), webKey, plainBytes(sealed))
      const webKey = cipherKey(key)
      return (webKey instanceof Promise ? webKey.then(decrypt) : decrypt(webKey)).then(viewOf, nothing)
    },
  }
}

const viewOf = (bytes: ArrayBuffer): Uint8Array => new Uint8Array(bytes)
const nothing = (): undefined => undefined

function gcm(nonce: Uint8Array, associated: Uint8Array): WebAlgorithm {
  return { name: 'AES-GCM', iv: plainBytes(nonce), additionalData: plainBytes(associated) }
}

/** WebCrypto takes no view of shared memory, and core has none: a matter of types only. */
function plainBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>
}
