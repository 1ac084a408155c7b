import { describe, expect, it } from 'vitest'
import { MemoryStore } from '../../src/ports/memory-store.ts'
import { scopedStore } from '../../src/ports/scoped-store.ts'
import { storeContract } from './store-contract.ts'

describe('stores of core', () => {
  storeContract('memory', () => {
    const store = new MemoryStore()
    return () => store
  })
  storeContract('scoped', () => {
    const store = new MemoryStore()
    return () => scopedStore(store, 'one/')
  })

  it('a scope sees its own keys and no others', async () => {
    const store = new MemoryStore()
    const [one, other] = [scopedStore(store, 'one/'), scopedStore(store, 'other/')]
    await one.set('key', Uint8Array.of(1))
    expect(await other.add('key', Uint8Array.of(2))).toBe(true)
    expect(await one.add('key', Uint8Array.of(3))).toBe(false)
    await one.delete(['key'])
    expect([await one.list(''), (await other.list('')).map(([key]) => key)]).toEqual([[], ['key']])
  })
})
