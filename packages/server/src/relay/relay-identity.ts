import { whoOf } from '@hopmesh/core'
import type { Crypto, ExchangeKeys, KeyPair } from '@hopmesh/core'
import { loadIdentityFile } from '../identity-file.ts'
import { nodeCrypto } from '../node-crypto.ts'
import { nodeClock } from '../system-ports.ts'

/** What all networks of one relay have in common. */
export interface RelayIdentity {
  readonly who: string
  readonly keyPair: KeyPair
  readonly exchangeKeys: ExchangeKeys
  readonly epoch: number
  readonly crypto: Crypto
}

/** Of a file, of a key pair, or new. Throws IDENTITY_FILE. */
export async function loadRelayIdentity(given: { readonly file: string } | KeyPair | undefined): Promise<RelayIdentity> {
  const crypto = nodeCrypto()
  const file = given !== undefined && 'file' in given ? loadIdentityFile(given.file) : undefined
  const keyPair = file?.keyPair ?? (given === undefined || 'file' in given ? await crypto.generateKeyPair() : given)
  // Greater than any that an earlier process with this identity used, also when the clock was set back.
  const epoch = Math.max(Math.floor(nodeClock.wallTime() / 1_000), (file?.lastEpoch ?? 0) + 1)
  file?.keepEpoch(epoch)
  return { who: await whoOf(keyPair.publicKey, crypto), keyPair, exchangeKeys: await crypto.generateExchangeKeys(), epoch, crypto }
}
