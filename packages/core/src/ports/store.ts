import type { Awaitable } from './crypto.ts'

/** One row of a store, as it is read again. */
export type StoreEntry = readonly [key: string, value: Uint8Array]

/**
 * Where what belongs to one identity outlives the process: small values by key. All that share the identity (the tabs of a
 * browser profile) see the same. Each call may reject, as disks do: who asks goes on without it. Once a call has answered,
 * what it did survives the end of the process.
 */
export interface Store {
  /** What stands under keys that begin with `prefix`, in the order of the keys. */
  list(prefix: string): Awaitable<readonly StoreEntry[]>
  set(key: string, value: Uint8Array): Awaitable<void>
  /** As `set`, unless something stands there: true when it was put. Of two that ask at once, in two tabs even, one hears true. */
  add(key: string, value: Uint8Array): Awaitable<boolean>
  delete(keys: readonly string[]): Awaitable<void>
}
