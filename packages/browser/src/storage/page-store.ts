// What belongs to an identity of this browser profile, in IndexedDB: all tabs of the origin see the same. What is written in one
// turn goes in one transaction, because a transaction costs a millisecond whatever is in it.

import type { Store, StoreEntry } from '@hopmesh/core'
import { createStore, promisifyRequest } from 'idb-keyval'
import type { UseStore } from 'idb-keyval'
import { withinTime } from './within-time.ts'

interface Addition {
  readonly key: string
  readonly value: Uint8Array
  resolve(added: boolean): void
  reject(error: unknown): void
}

/** Undefined where there is no IndexedDB. Nothing is opened before the first call. */
export function pageStore(who: string): Store | undefined {
  return typeof indexedDB === 'undefined' ? undefined : new PageStore(`${who}/`)
}

class PageStore implements Store {
  readonly #scope: string
  #use: UseStore | undefined
  #additions: Addition[] = []

  constructor(scope: string) {
    this.#scope = scope
  }

  list(prefix: string): Promise<readonly StoreEntry[]> {
    const from = this.#scope + prefix
    const range = IDBKeyRange.bound(from, `${from}\uffff`)
    return this.#transaction('readonly', async (values) => {
      const [keys, found] = await Promise.all([
        promisifyRequest(values.getAllKeys(range)),
        promisifyRequest<unknown[]>(values.getAll(range)),
      ])
      return keys.flatMap((key, index): StoreEntry[] => {
        const value = found[index]
        return typeof key === 'string' && value instanceof Uint8Array ? [[key.slice(this.#scope.length), value]] : []
      })
    })
  }

  set(key: string, value: Uint8Array): Promise<void> {
    return this.#transaction('readwrite', (values) => {
      values.put(value, this.#scope + key)
      return done(values)
    })
  }

  add(key: string, value: Uint8Array): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#additions.push({ key: this.#scope + key, value, resolve, reject })
      if (this.#additions.length === 1) queueMicrotask(() => void this.#addAll())
    })
  }

  delete(keys: readonly string[]): Promise<void> {
    return this.#transaction('readwrite', (values) => {
      for (const key of keys) values.delete(this.#scope + key)
      return done(values)
    })
  }

  async #addAll(): Promise<void> {
    const additions = this.#additions
    this.#additions = []
    try {
      const added = await this.#transaction('readwrite', async (values) => {
        const news = additions.map(({ key, value }) => addOne(values, key, value))
        await done(values)
        return Promise.all(news)
      })
      additions.forEach(({ resolve }, index) => resolve(added[index] === true))
    } catch (error) {
      for (const { reject } of additions) reject(error)
    }
  }

  #transaction<T>(mode: IDBTransactionMode, act: (values: IDBObjectStore) => Promise<T>): Promise<T> {
    this.#use ??= createStore('hopmesh kept', 'values')
    return withinTime(this.#use(mode, act))
  }
}

function done(values: IDBObjectStore): Promise<void> {
  return promisifyRequest(values.transaction)
}

/** A second one under the same key, also of this transaction, finds the first. */
function addOne(values: IDBObjectStore, key: string, value: Uint8Array): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const request = values.add(value, key)
    request.addEventListener('success', () => resolve(true))
    request.addEventListener('error', (event) => {
      if (request.error?.name !== 'ConstraintError') return reject(request.error ?? new Error('IndexedDB failed'))
      // It stands there already: no reason to give up the others.
      event.preventDefault()
      event.stopPropagation()
      return resolve(false)
    })
  })
}
