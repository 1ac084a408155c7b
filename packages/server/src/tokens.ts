// Tokens of an operator: who may use a relay, in which network, until when, and how much of it. A token is a JWT signed with
// the operator's Ed25519 key; it travels inside the sealed third handshake message and never stands in a URL (SE18).

import { createPrivateKey, createPublicKey } from 'node:crypto'
import { MeshError } from '@hopmesh/core'
import { SignJWT, errors, jwtVerify } from 'jose'
import type { JWTPayload } from 'jose'
import { ed25519PrivateDer, ed25519PublicDer } from './node-crypto.ts'

/** Clocks differ; more than this they do not. */
export const tokenSkewSeconds = 300
/** Below it one full link frame would stop a link for so long that it counts as dead. */
export const quotaBytesPerSecondMin = 65_536
/** The audience of a token that is good at every relay of its operator. */
export const anyRelay = 'hopmesh-relay'
const algorithm = 'EdDSA'

export interface TokenClaims {
  readonly network: string
  /** The part of the holder's address before the dot. */
  readonly who: string
  /** Unix seconds. */
  readonly expiresAt: number
  /** `who` of the only relay that it is for; default any of this operator. */
  readonly relay?: string | undefined
  /** What the holder may send through the relay. */
  readonly bytesPerSecond?: number | undefined
}

/** What a token that holds allows. */
export interface TokenGrant {
  /** Unix seconds, the skew of clocks included. */
  readonly endsAt: number
  readonly bytesPerSecond: number | undefined
}

/** `seed`: 32 bytes, of the operator's identity file. */
export function signToken(claims: TokenClaims, seed: Uint8Array): Promise<string> {
  const { network, who, expiresAt, relay = anyRelay, bytesPerSecond } = claims
  const key = createPrivateKey({ key: ed25519PrivateDer(seed), format: 'der', type: 'pkcs8' })
  return new SignJWT({ network, who, ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }) })
    .setProtectedHeader({ alg: algorithm })
    .setAudience(relay)
    .setIssuedAt()
    .setExpirationTime(expiresAt)
    .sign(key)
}

export interface TokenQuestion {
  readonly token: string | undefined
  /** Who showed it, in which network: proven. */
  readonly who: string
  readonly network: string
}

/** Judges tokens for one relay. */
export class TokenGate {
  readonly #relay: string
  readonly #keys: readonly ReturnType<typeof createPublicKey>[]

  /** `operators`: Ed25519 public keys, 32 bytes each. */
  constructor(relay: string, operators: readonly Uint8Array[]) {
    this.#relay = relay
    this.#keys = operators.map((key) => createPublicKey({ key: ed25519PublicDer(key), format: 'der', type: 'spki' }))
  }

  /** A MeshError TOKEN_REQUIRED, TOKEN_EXPIRED or TOKEN_REFUSED when it does not hold; never throws at what a token says. */
  async judge({ token, who, network }: TokenQuestion): Promise<TokenGrant | MeshError> {
    if (token === undefined) return new MeshError('TOKEN_REQUIRED', 'this relay asks for a token of its operator')
    if (!isWrittenAsSigned(token)) return refused('it is no token that can be read')
    const payload = await this.#verified(token)
    if (payload instanceof MeshError) return payload
    const { network: ofNetwork, who: ofWho, bytesPerSecond, exp } = payload
    if (ofNetwork !== network) return refused(`it is for another network than '${network}'`)
    if (ofWho !== who) return refused(`it is for another who than ${who}`)
    if (bytesPerSecond !== undefined && !(Number.isSafeInteger(bytesPerSecond) && (bytesPerSecond as number) >= quotaBytesPerSecondMin)) {
      return refused('its quota cannot be read')
    }
    return { endsAt: (exp as number) + tokenSkewSeconds, bytesPerSecond: bytesPerSecond as number | undefined }
  }

  async #verified(token: string): Promise<JWTPayload | MeshError> {
    let refusal = refused('no operator of this relay signed it')
    for (const key of this.#keys) {
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: [algorithm],
          audience: [anyRelay, this.#relay],
          clockTolerance: tokenSkewSeconds,
          requiredClaims: ['exp', 'who', 'network'],
        })
        return payload
      } catch (error) {
        // Of another operator: the next key may hold.
        if (error instanceof errors.JWSSignatureVerificationFailed) continue
        refusal = reasonOf(error)
      }
    }
    return refusal
  }
}

/** Three parts in base64url as an encoder writes it. Decoders forgive spaces and odd last bits, and a token shall have one text. */
function isWrittenAsSigned(token: string): boolean {
  const parts = token.split('.')
  return parts.length === 3 && parts.every((part) => Buffer.from(part, 'base64url').toString('base64url') === part)
}

function reasonOf(error: unknown): MeshError {
  if (error instanceof errors.JWTExpired) return new MeshError('TOKEN_EXPIRED', 'the token is over')
  if (error instanceof errors.JWTClaimValidationFailed) {
    return refused(error.claim === 'aud' ? 'it is for another relay' : `its ${error.claim} is missing or does not hold`)
  }
  return refused('it is no token that can be read')
}

function refused(why: string): MeshError {
  return new MeshError('TOKEN_REFUSED', `the token is refused: ${why}`)
}
