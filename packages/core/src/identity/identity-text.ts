// An identity that an app keeps by itself, as text: for those who move one between devices, or back it up. The identity that
// a browser profile keeps cannot be read again; who wants to keep one draws it here and holds the text, which is a secret.

import { MeshError } from '../errors/mesh-error.ts'
import type { Awaitable, Crypto, KeyPair } from '../ports/crypto.ts'
import type { Dice } from '../ports/dice.ts'
import { keyOfText, keyText } from './key-text.ts'

const seedBytes = 32

/** A new identity: `hmi-` and 56 characters. Whoever has the text is that member. */
export function drawIdentityText(dice: Dice): string {
  return keyText('identity', dice.bytes(seedBytes))
}

/** The 32 bytes of the text. Throws INVALID_OPTION, which does not quote it. */
export function identitySeed(text: unknown): Uint8Array {
  const seed = typeof text === 'string' ? keyOfText('identity', text) : undefined
  if (seed === undefined)
    throw new MeshError('INVALID_OPTION', 'an identity as text is hmi- and 56 characters; this one is damaged, or none')
  return seed
}

/** What the option `identity` takes. Throws INVALID_OPTION. */
export function identityOfText(text: unknown, crypto: Crypto): Awaitable<KeyPair> {
  return crypto.keyPairFromSeed(identitySeed(text))
}
