// What a network key becomes (SE7). One key in two networks gives unrelated values, because the name of the network is
// the salt; none of them tells the key. They stay in memory.
//
//   key (32 bytes, or PBKDF2 of a passphrase) ─ HKDF, salt 'hopmesh.1 ' + network name ─┬─ 'link'       psk of handshakes
//                                                                                       ├─ 'broadcast'  broadcasts, names in records
//                                                                                       └─ 'admission'  Ed25519 pair: shown to relays
//
// On the wire stands only the first half of SHA-256 of the admission public key.

import { sameBytes } from '../bytes/same-bytes.ts'
import { utf8Length } from '../bytes/utf8-length.ts'
import { run, wait, type Steps } from '../async/awaitable.ts'
import { hkdfExpand, hkdfExtract } from '../crypto/hkdf.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Awaitable, Crypto, KeyPair } from '../ports/crypto.ts'
import { keyOfText, keyTextKind, type KeyTextKind } from './key-text.ts'
import { keyHashBytes } from './wire-network.ts'

/** Of PBKDF2-SHA-256, for passphrases: about 100 ms of a computer. */
export const passphraseRounds = 600_000
/** A passphrase with fewer characters is worth a warning. */
export const passphraseCharactersMin = 20
/** More than any rotation needs: [new, old], and one more that was forgotten. */
export const networkKeysMax = 4
const networkKeyBytes = 32
const passphraseBytesMax = 1_024

const otherKinds: ReadonlyMap<KeyTextKind | undefined, string> = new Map([
  ['admission', 'an admission public key, for relays'],
  ['operator', 'the public key of an operator'],
  ['identity', 'an identity'],
])

/** A key as it was given, checked. */
export type NetworkKeySource =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'passphrase'; readonly passphrase: string }

/** All that comes from one network key. */
export interface NetworkKeys {
  /** 16 bytes: with the name the network on the wire. */
  readonly keyHash: Uint8Array
  /** 32 bytes, of Noise XXpsk0 between members: links and sessions. */
  readonly psk: Uint8Array
  /** 32 bytes; broadcasts and the sealed part of records have keys made of it. */
  readonly broadcastKey: Uint8Array
  /** Signs what shows a relay that one may join. */
  readonly admission: KeyPair
}

/** The keys that a member has for its network, during a rotation several: the first speaks, all are understood. At least one. */
export type NetworkKeyring = readonly [NetworkKeys, ...NetworkKeys[]]

/**
 * The option `key`: 32 bytes, the text of `hopmesh key`, a passphrase, or a list of these, the one to speak with first.
 * Throws INVALID_OPTION, which never quotes the key.
 */
export function networkKeySources(key: unknown): readonly NetworkKeySource[] {
  const given: readonly unknown[] = Array.isArray(key) ? key : [key]
  if (given.length === 0) throw invalid('key must not be an empty list')
  if (given.length > networkKeysMax) throw invalid(`key must be at most ${networkKeysMax} keys`)
  return given.map(keySource)
}

/** A passphrase that is too short to stand guessing. */
export function isWeakKey(source: NetworkKeySource): boolean {
  return source.kind === 'passphrase' && Array.from(source.passphrase).length < passphraseCharactersMin
}

/** What all of them become in this network, in order; twice the same key counts once. */
export function deriveKeyring(sources: readonly NetworkKeySource[], network: string, crypto: Crypto): Awaitable<NetworkKeyring> {
  return run(keyringSteps(sources, network, crypto))
}

/** What one key becomes in this network. */
export function deriveNetworkKeys(source: NetworkKeySource, network: string, crypto: Crypto): Awaitable<NetworkKeys> {
  return run(derivationSteps(source, network, crypto))
}

/** The part of the wire network id that an admission public key gives: 16 bytes. */
export function admissionKeyHash(publicKey: Uint8Array, crypto: Crypto): Awaitable<Uint8Array> {
  return run(keyHashSteps(publicKey, crypto))
}

/** Those of the keyring that stand behind a key hash on the wire. */
export function keysBehind(keyring: NetworkKeyring | undefined, keyHash: Uint8Array): NetworkKeys | undefined {
  return keyring?.find((keys) => sameBytes(keys.keyHash, keyHash))
}

function* keyringSteps(sources: readonly NetworkKeySource[], network: string, crypto: Crypto): Steps<NetworkKeyring> {
  const keyring: NetworkKeys[] = []
  for (const source of sources) {
    const keys = yield* derivationSteps(source, network, crypto)
    if (!keyring.some(({ keyHash }) => sameBytes(keyHash, keys.keyHash))) keyring.push(keys)
  }
  const [first, ...others] = keyring
  if (first === undefined) throw invalid('key must not be an empty list')
  return [first, ...others]
}

function* derivationSteps(source: NetworkKeySource, network: string, crypto: Crypto): Steps<NetworkKeys> {
  const salt = new TextEncoder().encode(`hopmesh.1 ${network}`)
  const material =
    source.kind === 'bytes'
      ? source.bytes
      : yield* wait(crypto.pbkdf2Sha256(new TextEncoder().encode(source.passphrase), salt, passphraseRounds))
  const key = yield* hkdfExtract(crypto, salt, material)
  const psk = yield* hkdfExpand(crypto, key, 'link')
  const broadcastKey = yield* hkdfExpand(crypto, key, 'broadcast')
  const admission = yield* wait(crypto.keyPairFromSeed(yield* hkdfExpand(crypto, key, 'admission')))
  return { keyHash: yield* keyHashSteps(admission.publicKey, crypto), psk, broadcastKey, admission }
}

function* keyHashSteps(publicKey: Uint8Array, crypto: Crypto): Steps<Uint8Array> {
  return (yield* wait(crypto.sha256(publicKey))).slice(0, keyHashBytes)
}

function keySource(key: unknown): NetworkKeySource {
  if (key instanceof Uint8Array) {
    if (key.length !== networkKeyBytes) throw invalid(`key must have ${networkKeyBytes} bytes, not ${key.length}`)
    return { kind: 'bytes', bytes: key.slice() }
  }
  if (typeof key !== 'string') throw invalid("key must be 32 bytes, the text that 'hopmesh key' prints, or a passphrase")
  const other = otherKinds.get(keyTextKind(key))
  if (other !== undefined) throw invalid(`key is ${other}; members need the network key itself`)
  if (keyTextKind(key) === 'network') {
    const bytes = keyOfText('network', key)
    if (bytes === undefined) throw invalid("key begins as the text of 'hopmesh key' does, but is damaged: a character is missing or wrong")
    return { kind: 'bytes', bytes }
  }
  const passphrase = key.normalize('NFC')
  if (passphrase.trim() === '') throw invalid('key must not be an empty text')
  if (utf8Length(passphrase) > passphraseBytesMax) throw invalid(`key must have at most ${passphraseBytesMax} bytes`)
  return { kind: 'passphrase', passphrase }
}

function invalid(message: string): MeshError {
  return new MeshError('INVALID_OPTION', message)
}
