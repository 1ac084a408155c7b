// Loads the identity of a page as a mesh does, without joining anything. Left at `window.identity` for the test.

import { whoOf } from '@hopmesh/core'
import { createIdentity, identityFrom, keepIdentity } from '../../../packages/browser/src/index.ts'
import { pageEnvironment } from '../../../packages/browser/src/page-environment.ts'
import { pageStore } from '../../../packages/browser/src/storage/page-store.ts'

export interface LoadedHere {
  readonly who: string
  readonly tab: string
  readonly lastEpoch: number | undefined
  readonly warnings: string[]
  readonly signs: boolean
  readonly subtle: boolean
}

async function load(): Promise<LoadedHere> {
  const environment = pageEnvironment({})
  const crypto = await environment.crypto
  const { keyPair, tab, lastEpoch } = await environment.loadIdentity(crypto)
  const message = Uint8Array.of(1, 2, 3)
  return {
    who: await whoOf(keyPair.publicKey, crypto),
    tab: tab ?? '',
    lastEpoch,
    warnings: environment.warnings.map(({ code }) => code),
    signs: await crypto.verify(keyPair.publicKey, message, await keyPair.sign(message)),
    subtle: globalThis.crypto.subtle !== undefined,
  }
}

const identity = {
  /** The first mesh of this page. */
  first: load(),
  /** One more mesh of the same page. */
  another: load,
  /** Makes a new identity that of this profile; its who and its text. */
  async import(text = createIdentity()): Promise<{ who: string; text: string }> {
    await keepIdentity(text)
    const { publicKey } = await identityFrom(text)
    return { who: await whoOf(publicKey, await pageEnvironment({}).crypto), text }
  },
  async keepEpoch(epoch: number): Promise<void> {
    const { who, tab } = await identity.first
    pageEnvironment({}).keepEpoch?.(`${who}.${tab}`, epoch)
  },
}

/** What is kept for this profile, as the library reaches it. */
const kept = {
  /** How many of these keys, asked for at once, were added by this page. */
  async add(...keys: string[]): Promise<number> {
    const store = pageStore((await identity.first).who)
    const added = await Promise.all(keys.map((key) => store?.add(key, Uint8Array.of(key.length))))
    return added.filter((one) => one === true).length
  },
  async set(key: string, ...bytes: number[]): Promise<void> {
    await pageStore((await identity.first).who)?.set(key, Uint8Array.from(bytes))
  },
  async delete(...keys: string[]): Promise<void> {
    await pageStore((await identity.first).who)?.delete(keys)
  },
  async list(prefix: string): Promise<[string, number[]][]> {
    const found = (await pageStore((await identity.first).who)?.list(prefix)) ?? []
    return found.map(([key, value]) => [key, [...value]])
  },
}

export type KeptPage = typeof kept
export type IdentityPage = typeof identity

Object.assign(window, { identity, kept })
