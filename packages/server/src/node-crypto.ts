import * as nodeApi from 'node:crypto'
import { promisify } from 'node:util'
import type { Crypto, KeyPair } from '@hopmesh/core'

const pbkdf2 = promisify(nodeApi.pbkdf2)
const seedBytes = 32
const keyBytes = 32
const signatureBytes = 64
const tagBytes = 16
/** Keys of signatures kept parsed: more members than a relay's busiest minute verifies, and about 1 KiB each. */
const verifyKeysMax = 2_048
/** Of the others most serve one handshake: twice or three times, and never again. */
const exchangeKeysMax = 64

// PKCS#8 and SubjectPublicKeyInfo around a raw key of RFC 8410: fixed bytes, only the last part of the OID differs.
const ed25519Private = Buffer.from('302e020100300506032b657004220420', 'hex')
const ed25519Public = Buffer.from('302a300506032b6570032100', 'hex')
const x25519Public = Buffer.from('302a300506032b656e032100', 'hex')

/** PKCS #8 of an Ed25519 seed. */
export function ed25519PrivateDer(seed: Uint8Array): Buffer {
  return Buffer.concat([ed25519Private, seed])
}

/** SubjectPublicKeyInfo of an Ed25519 public key. */
export function ed25519PublicDer(publicKey: Uint8Array): Buffer {
  return Buffer.concat([ed25519Public, publicKey])
}

/** An Ed25519 identity from its 32-byte seed. */
export function nodeKeyPair(seed: Uint8Array): KeyPair {
  const key = nodeApi.createPrivateKey({ key: ed25519PrivateDer(seed), format: 'der', type: 'pkcs8' })
  return { publicKey: rawPublicKey(nodeApi.createPublicKey(key)), sign: (message) => ownBytes(nodeApi.sign(null, message, key)) }
}

/** The Crypto port over `node:crypto`. Every answer is at once, but that of PBKDF2, which takes its time beside the event loop. */
export function nodeCrypto(): Crypto {
  const verifyKey = parsedKeys(ed25519Public, verifyKeysMax)
  const exchangeKey = parsedKeys(x25519Public, exchangeKeysMax)
  return {
    sha256: (bytes) => ownBytes(nodeApi.createHash('sha256').update(bytes).digest()),
    hmacSha256: (key, bytes) => ownBytes(nodeApi.createHmac('sha256', key).update(bytes).digest()),
    pbkdf2Sha256: async (passphrase, salt, rounds) => ownBytes(await pbkdf2(passphrase, salt, rounds, keyBytes, 'sha256')),
    generateKeyPair: () => nodeKeyPair(nodeApi.randomBytes(seedBytes)),
    keyPairFromSeed: nodeKeyPair,
    verify(publicKey, message, signature) {
      if (publicKey.length !== keyBytes || signature.length !== signatureBytes) return false
      return valueOf(() => nodeApi.verify(null, message, verifyKey(publicKey), signature)) ?? false
    },
    generateExchangeKeys() {
      const { publicKey, privateKey } = nodeApi.generateKeyPairSync('x25519')
      return { publicKey: rawPublicKey(publicKey), privateKey }
    },
    exchange(own, publicKey) {
      if (publicKey.length !== keyBytes) return undefined
      const privateKey = own.privateKey as nodeApi.KeyObject
      const secret = valueOf(() => nodeApi.diffieHellman({ privateKey, publicKey: exchangeKey(publicKey) }))
      return secret === undefined || secret.every((byte) => byte === 0) ? undefined : ownBytes(secret)
    },
    seal(key, nonce, associated, plain) {
      const cipher = nodeApi.createCipheriv('aes-256-gcm', key, nonce)
      cipher.setAAD(associated)
      const sealed = new Uint8Array(plain.length + tagBytes)
      sealed.set(cipher.update(plain))
      cipher.final()
      sealed.set(cipher.getAuthTag(), plain.length)
      return sealed
    },
    open(key, nonce, associated, sealed) {
      if (sealed.length < tagBytes) return undefined
      const end = sealed.length - tagBytes
      const decipher = nodeApi.createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
      decipher.setAAD(associated)
      decipher.setAuthTag(sealed.subarray(end))
      const plain = decipher.update(sealed.subarray(0, end))
      return valueOf(() => decipher.final()) === undefined ? undefined : ownBytes(plain)
    },
  }
}

/** Parses raw public keys and keeps the latest, oldest forgotten first. A key of 32 bytes always parses. */
function parsedKeys(prefix: Buffer, keysMax: number): (raw: Uint8Array) => nodeApi.KeyObject {
  const parsed = new Map<string, nodeApi.KeyObject>()
  return (raw) => {
    const name = Buffer.from(raw.buffer, raw.byteOffset, raw.length).toString('latin1')
    const key = parsed.get(name) ?? nodeApi.createPublicKey({ key: Buffer.concat([prefix, raw]), format: 'der', type: 'spki' })
    parsed.delete(name)
    parsed.set(name, key)
    const oldest = parsed.size > keysMax ? parsed.keys().next().value : undefined
    if (oldest !== undefined) parsed.delete(oldest)
    return key
  }
}

function rawPublicKey(key: nodeApi.KeyObject): Uint8Array {
  return ownBytes(key.export({ format: 'der', type: 'spki' }).subarray(-keyBytes))
}

/** A Buffer's `slice` shares memory and its JSON differs: what leaves here is a plain array with its own bytes, copied only where Node shares them. */
function ownBytes(buffer: Buffer): Uint8Array {
  const isAlone = buffer.byteOffset === 0 && buffer.length === buffer.buffer.byteLength
  return isAlone ? new Uint8Array(buffer.buffer) : new Uint8Array(buffer)
}

/** `node:crypto` throws at what a peer can cause (a malformed point, a false tag); the port answers with a value. */
function valueOf<T>(attempt: () => T): T | undefined {
  try {
    return attempt()
  } catch {
    return undefined
  }
}
