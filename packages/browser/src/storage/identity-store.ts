// The identity of this browser profile: one record in IndexedDB for all tabs of an origin. Best is a key that the page
// itself cannot read. Where the browser cannot keep one (no WebCrypto, or it loses keys) it is a seed for @noble.
//
// Two tabs on a first visit both draw a key, and both ask for one read-write transaction that writes only into an
// empty place: the first wins, the second takes what it finds.

import { MeshError, createStoredKeyPair, keyPairFromStored, storedKeyPairFromSeed } from '@hopmesh/core'
import type { Crypto, KeyPair, StoredKeyPair, WebSubtle } from '@hopmesh/core'
import { createStore, get, set, update } from 'idb-keyval'
import type { UseStore } from 'idb-keyval'
import { withinTime } from './within-time.ts'

type IdentityRecord = { readonly kind: 'key'; readonly pair: StoredKeyPair } | { readonly kind: 'seed'; readonly seed: Uint8Array }

export interface KeptIdentity {
  readonly keyPair: KeyPair
  /** `key`: nobody can read it. `seed`: scripts of this origin can. `none`: it could not be kept and ends with the page. */
  readonly kept: 'key' | 'seed' | 'none'
  /** Why it is not the best. */
  readonly reason?: string
}

export interface IdentityStoreOptions {
  readonly crypto: Crypto
  /** Undefined on an origin without WebCrypto, or where WebCrypto lacks Ed25519. */
  readonly subtle: WebSubtle | undefined
  randomBytes(length: number): Uint8Array
}

const recordKey = 'identity'

/** Never rejects because of storage: at worst the identity is not kept. */
export async function keptIdentity(options: IdentityStoreOptions): Promise<KeptIdentity> {
  try {
    return await withinTime(load(options))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { keyPair: await options.crypto.generateKeyPair(), kept: 'none', reason }
  }
}

/** Puts the identity of this seed in place of what stands there. Rejects with IDENTITY_STORAGE. */
export async function replaceIdentity(
  seed: Uint8Array,
  { crypto, subtle }: Pick<IdentityStoreOptions, 'crypto' | 'subtle'>,
): Promise<void> {
  try {
    if (typeof indexedDB === 'undefined') throw new Error('there is no IndexedDB here')
    await withinTime(replace(seed, { crypto, subtle }))
  } catch (error) {
    throw new MeshError('IDENTITY_STORAGE', `The identity could not be kept: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

async function replace(seed: Uint8Array, { crypto, subtle }: Pick<IdentityStoreOptions, 'crypto' | 'subtle'>): Promise<void> {
  const store = createStore('hopmesh', 'identity')
  if (subtle !== undefined) {
    try {
      const drawn: IdentityRecord = { kind: 'key', pair: await storedKeyPairFromSeed(subtle, seed) }
      await set(recordKey, drawn, store)
      const standing = recordOf(await get<unknown>(recordKey, store))
      if (standing?.kind === 'key' && (await signs(keyPairFromStored(subtle, standing.pair), crypto))) return
    } catch {
      // As in `load`: the seed is for browsers that do not keep unreadable keys.
    }
  }
  await set(recordKey, { kind: 'seed', seed } satisfies IdentityRecord, store)
}

async function load(options: IdentityStoreOptions): Promise<KeptIdentity> {
  if (typeof indexedDB === 'undefined') throw new Error('there is no IndexedDB here')
  const store = createStore('hopmesh', 'identity')
  const { subtle } = options
  if (subtle === undefined) return loadSeed(store, options, 'this origin has no WebCrypto with Ed25519')
  const known = recordOf(await get<unknown>(recordKey, store))
  if (known?.kind === 'seed') return loadSeed(store, options, 'it was kept so before')
  try {
    const record = known ?? (await keep(store, { kind: 'key', pair: await createStoredKeyPair(subtle) }))
    if (record.kind === 'key') {
      const keyPair = keyPairFromStored(subtle, record.pair)
      if (await signs(keyPair, options.crypto)) return { keyPair, kept: 'key' }
    }
  } catch {
    // Some browsers refuse to store the key, others to use it again: the seed below is for both.
  }
  return loadSeed(store, options, 'this browser does not keep unreadable keys')
}

async function loadSeed(store: UseStore, options: IdentityStoreOptions, reason: string): Promise<KeptIdentity> {
  const { keyPairFromSeed } = await import('@hopmesh/core/noble')
  const drawn: IdentityRecord = { kind: 'seed', seed: options.randomBytes(32) }
  const record = await keep(store, drawn)
  if (record.kind !== 'seed') throw new Error('the stored identity could not be replaced')
  return { keyPair: keyPairFromSeed(record.seed), kept: 'seed', reason }
}

/** Puts `drawn` where nothing of its kind stands yet, and returns what stands there then: another tab may have been first. */
async function keep(store: UseStore, drawn: IdentityRecord): Promise<IdentityRecord> {
  await update<unknown>(
    recordKey,
    (old) => {
      const standing = recordOf(old)
      // A seed replaces a key that did not work; a key never replaces a seed.
      return standing?.kind === 'seed' || standing?.kind === drawn.kind ? standing : drawn
    },
    store,
  )
  const standing = recordOf(await get<unknown>(recordKey, store))
  if (standing === undefined) throw new Error('IndexedDB does not keep what it takes')
  return standing
}

async function signs(keyPair: KeyPair, crypto: Crypto): Promise<boolean> {
  const message = new TextEncoder().encode('hopmesh.1 storage')
  return crypto.verify(keyPair.publicKey, message, await keyPair.sign(message))
}

function recordOf(value: unknown): IdentityRecord | undefined {
  if (!isObject(value)) return undefined
  const { kind, seed, pair } = value
  if (kind === 'seed' && seed instanceof Uint8Array && seed.length === 32) return { kind, seed }
  if (kind !== 'key' || !isObject(pair) || !isObject(pair['privateKey'])) return undefined
  const { publicKey } = pair
  if (!(publicKey instanceof Uint8Array) || publicKey.length !== 32) return undefined
  return { kind, pair: { publicKey, privateKey: pair['privateKey'] as unknown as StoredKeyPair['privateKey'] } }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
