import { expect, it } from 'vitest'
import type { Store } from '../../src/ports/store.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

/** What every store promises. `ground` is empty, and each opening of it gives a store that stands on it. */
export function storeContract(name: string, ground: () => () => Store): void {
  it(`${name}: what was put is listed in the order of its keys, also by the next one that opens it`, async () => {
    const open = ground()
    const store = open()
    for (const key of ['b/2', 'a', 'b/1', 'c', 'b']) await store.set(key, bytes(key.length))
    await store.set('a', bytes(9))
    await store.delete(['c', 'nothing'])
    for (const seen of [store, open()]) {
      expect((await seen.list('b/')).map(([key, value]) => [key, [...value]])).toEqual([
        ['b/1', [3]],
        ['b/2', [3]],
      ])
      expect((await seen.list('')).map(([key]) => key)).toEqual(['a', 'b', 'b/1', 'b/2'])
      expect([...((await seen.list('a'))[0]?.[1] ?? [])]).toEqual([9])
    }
  })

  it(`${name}: of several that add the same key one hears that it did`, async () => {
    const store = ground()()
    const added = await Promise.all([store.add('k', bytes(1)), store.add('k', bytes(2)), store.add('l', bytes(3))])
    expect(added).toEqual([true, false, true])
    expect(await store.add('k', bytes(4))).toBe(false)
    expect((await store.list('k')).map(([, value]) => [...value])).toEqual([[1]])
    await store.delete(['k'])
    expect(await store.add('k', bytes(5))).toBe(true)
  })

  it(`${name}: keeps a value of 1 MiB, and what it was given may change`, async () => {
    const store = ground()()
    const large = new Uint8Array(1_048_576).fill(7)
    await store.set('large', large)
    large.fill(8)
    const [[, value] = ['', bytes()]] = await store.list('large')
    expect([value.length, value[0], value.at(-1)]).toEqual([1_048_576, 7, 7])
  })
}
