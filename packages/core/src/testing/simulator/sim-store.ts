import { MemoryStore } from '../../ports/memory-store.ts'
import type { Store, StoreEntry } from '../../ports/store.ts'
import type { SimNode } from './sim-node.ts'

/** What a disk or a browser takes for one call. */
const storeMs = 2

/** What a process keeps for the next one of its name. A call is done at the moment in which it answers: a process that dies before has not made it. */
export class SimStore implements Store {
  readonly #node: SimNode
  readonly #kept: MemoryStore

  constructor(node: SimNode, kept: MemoryStore) {
    this.#node = node
    this.#kept = kept
  }

  list(prefix: string): Promise<readonly StoreEntry[]> {
    return this.#later(() => this.#kept.list(prefix))
  }

  set(key: string, value: Uint8Array): Promise<void> {
    return this.#later(() => this.#kept.set(key, value))
  }

  add(key: string, value: Uint8Array): Promise<boolean> {
    return this.#later(() => this.#kept.add(key, value))
  }

  delete(keys: readonly string[]): Promise<void> {
    return this.#later(() => this.#kept.delete(keys))
  }

  #later<T>(act: () => T): Promise<T> {
    return new Promise((resolve) => {
      this.#node.clock.setTimer(storeMs, () => resolve(act()))
    })
  }
}
