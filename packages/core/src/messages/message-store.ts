import { run, wait, type Steps } from '../async/awaitable.ts'
import { asMeshError } from '../async/operations.ts'
import type { MeshError } from '../errors/mesh-error.ts'
import type { Awaitable } from '../ports/crypto.ts'
import type { Store, StoreEntry } from '../ports/store.ts'

/**
 * What messages keep beyond the process. The store is asked until it fails once, which is told; from then on nothing is kept.
 * Never throws or rejects.
 */
export class MessageStore {
  #store: Store | undefined
  readonly #failed: (error: MeshError) => void

  constructor(store: Store, failed: (error: MeshError) => void) {
    this.#store = store
    this.#failed = failed
  }

  /** As `Store.list`; undefined: the store failed, now or before. */
  list(prefix: string): Awaitable<readonly StoreEntry[] | undefined> {
    return run(this.#ask((store) => store.list(prefix)))
  }

  /** True: it is kept. */
  set(key: string, value: Uint8Array): Awaitable<boolean> {
    return run(this.#set(key, value))
  }

  /** As `Store.add`; undefined: the store failed, now or before. */
  add(key: string, value: Uint8Array): Awaitable<boolean | undefined> {
    return run(this.#ask((store) => store.add(key, value)))
  }

  /** Nobody waits for it. */
  delete(keys: readonly string[]): void {
    if (keys.length > 0) void run(this.#ask((store) => store.delete(keys)))
  }

  *#set(key: string, value: Uint8Array): Steps<boolean> {
    yield* this.#ask((store) => store.set(key, value))
    return this.#store !== undefined
  }

  *#ask<T>(ask: (store: Store) => Awaitable<T>): Steps<T | undefined> {
    if (!this.#store) return undefined
    try {
      return yield* wait(ask(this.#store))
    } catch (error) {
      if (this.#store) this.#failed(asMeshError(error))
      this.#store = undefined
      return undefined
    }
  }
}
