import { expect, it } from 'vitest'
import { RecentMap } from '../../src/bytes/recent-map.ts'
import { RecentSet } from '../../src/bytes/recent-set.ts'

it('LM a recent map forgets what was set longest ago, and what is set anew is the latest', () => {
  const recent = new RecentMap<string, number>(2)
  recent.set('a', 1).set('b', 2).set('a', 3)
  expect([...recent]).toEqual([
    ['b', 2],
    ['a', 3],
  ])
  // Reading is not setting.
  expect(recent.get('b')).toBe(2)
  recent.set('c', 4)
  expect([...recent]).toEqual([
    ['a', 3],
    ['c', 4],
  ])
})

it('a recent map has room for what was deleted, and for keys that are undefined', () => {
  const recent = new RecentMap<string | undefined, number>(2)
  recent.set(undefined, 1).set('a', 2)
  recent.delete('a')
  recent.set('b', 3)
  expect([...recent.keys()]).toEqual([undefined, 'b'])
  recent.set('c', 4)
  expect([...recent.keys()]).toEqual(['b', 'c'])
})

it('LM a recent set forgets what was added longest ago, and what is added anew is the latest', () => {
  const recent = new RecentSet<number>(2)
  recent.add(1).add(2).add(1).add(3)
  expect([...recent]).toEqual([1, 3])
  for (let number = 4; number < 1_000; number += 1) recent.add(number)
  expect([...recent]).toEqual([998, 999])
})
