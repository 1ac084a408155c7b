// Who this page is: the key of the profile (or the one that was given), and which tab.

import { MeshError, whoOf } from '@hopmesh/core'
import type { Crypto, Dice, KeyPair, LoadedIdentity, MeshErrorCode, MeshOptions, WebSubtle } from '@hopmesh/core'
import type { PageLife } from '../page-life.ts'
import type { AddressClaim } from './address-claim.ts'
import { keptIdentity } from './identity-store.ts'
import { pageStore } from './page-store.ts'
import { claimTab, holdAddress, redrawTab } from './tab-address.ts'

export interface PageIdentityOptions {
  readonly identity: MeshOptions['identity']
  readonly crypto: Crypto
  readonly subtle: WebSubtle | undefined
  readonly dice: Dice
  readonly life: PageLife
  readonly warn: (code: MeshErrorCode, message: string) => void
}

/** Throws INVALID_OPTION for an identity that a page cannot have. */
export function checkIdentity(identity: MeshOptions['identity']): void {
  if (identity === undefined || identity === 'persistent' || identity === 'ephemeral' || isKeyPair(identity)) return
  const given = typeof identity === 'object' ? 'a file' : `'${String(identity)}'`
  throw new MeshError('INVALID_OPTION', `identity is 'persistent', 'ephemeral' or a key pair in a page, not ${given}`)
}

export interface PageIdentity extends LoadedIdentity {
  /** Another process has the address: another suffix, kept in place of it. Absent: nothing is kept. */
  redraw?(): Promise<string>
  /** The mesh is closed: another one of this page may have the address. */
  release(): void
}

export async function loadPageIdentity(options: PageIdentityOptions): Promise<PageIdentity> {
  // Without a page there is no profile: a worker or a server-side rendering has an identity only when it asks for one.
  const identity = options.identity ?? (typeof document === 'undefined' ? 'ephemeral' : 'persistent')
  if (identity === 'ephemeral') return { keyPair: await options.crypto.generateKeyPair(), release: () => {} }
  const { keyPair, lasts } = isKeyPair(identity) ? { keyPair: identity, lasts: true } : await keptKeyPair(options)
  const who = await whoOf(keyPair.publicKey, options.crypto)
  const { tab, lastEpoch, claim } = await claimTab(who, options.dice)
  let suffix = tab
  let held: AddressClaim | undefined = claim
  const release = (): void => {
    held?.release()
    held = undefined
  }
  // A lock would keep the page out of the back-forward cache.
  options.life.track(release)
  options.life.onBack(async () => {
    held ??= await holdAddress(`${who}.${suffix}`)
  })
  const redraw = async (): Promise<string> => {
    release()
    const drawn = await redrawTab(who, suffix, options.dice)
    suffix = drawn.tab
    held = drawn.claim
    return suffix
  }
  return { keyPair, tab, lastEpoch, store: lasts ? pageStore(who) : undefined, redraw, release }
}

async function keptKeyPair(options: PageIdentityOptions): Promise<{ readonly keyPair: KeyPair; readonly lasts: boolean }> {
  const { crypto, subtle, dice, warn } = options
  const { keyPair, kept, reason } = await keptIdentity({ crypto, subtle, randomBytes: (length) => dice.bytes(length) })
  if (kept === 'none') warn('IDENTITY_STORAGE', `The identity ends with this page, because it cannot be kept: ${reason}`)
  // Where WebCrypto is missing altogether, INSECURE_CONTEXT has said so.
  if (kept === 'seed' && subtle !== undefined) {
    warn('IDENTITY_STORAGE', `The key of this profile can be read by scripts of this origin: ${reason}`)
  }
  return { keyPair, lasts: kept !== 'none' }
}

function isKeyPair(identity: unknown): identity is KeyPair {
  if (typeof identity !== 'object' || identity === null) return false
  const { publicKey, sign } = identity as Partial<KeyPair>
  return publicKey instanceof Uint8Array && publicKey.length === 32 && typeof sign === 'function'
}
