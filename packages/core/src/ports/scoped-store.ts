import type { Store } from './store.ts'

/** The part of a store whose keys begin with `scope`, under keys without it. */
export function scopedStore(store: Store, scope: string): Store {
  return {
    async list(prefix) {
      const found = await store.list(scope + prefix)
      return found.map(([key, value]) => [key.slice(scope.length), value] as const)
    },
    set: (key, value) => store.set(scope + key, value),
    add: (key, value) => store.add(scope + key, value),
    delete: (keys) => store.delete(keys.map((key) => scope + key)),
  }
}
