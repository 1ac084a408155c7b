import type { Store, StoreEntry } from './store.ts'

/** A store that ends with the process: for identities that do, for tests, and inside of stores that keep a copy elsewhere. */
export class MemoryStore implements Store {
  readonly #values = new Map<string, Uint8Array>()

  get size(): number {
    return this.#values.size
  }

  list(prefix: string): StoreEntry[] {
    const found = [...this.#values].filter(([key]) => key.startsWith(prefix))
    return found.toSorted(([one], [other]) => (one < other ? -1 : 1))
  }

  set(key: string, value: Uint8Array): void {
    this.#values.set(key, value.slice())
  }

  add(key: string, value: Uint8Array): boolean {
    if (this.#values.has(key)) return false
    this.set(key, value)
    return true
  }

  delete(keys: readonly string[]): void {
    for (const key of keys) this.#values.delete(key)
  }
}
