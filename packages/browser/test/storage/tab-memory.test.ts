import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { rememberedTabsMax } from '../../src/storage/limits.ts'
import { keepEpoch } from '../../src/storage/tab-address.ts'
import { forgetTab, rememberTab, rememberedTabs } from '../../src/storage/tab-memory.ts'

const who = `k${'a'.repeat(26)}`

class FakeStorage {
  readonly #items = new Map<string, string>()
  refuses = false

  getItem(key: string): string | null {
    return this.#items.get(key) ?? null
  }

  setItem(key: string, value: string): void {
    if (this.refuses) throw new Error('QuotaExceededError')
    this.#items.set(key, value)
  }
}

let storage: FakeStorage

beforeEach(() => {
  storage = new FakeStorage()
  vi.stubGlobal('sessionStorage', storage)
})
afterEach(() => vi.unstubAllGlobals())

describe('what a tab remembers of itself', () => {
  test('its suffixes, in the order of its meshes, each with the last epoch', () => {
    rememberTab({ who, tab: 'aaaa' })
    rememberTab({ who, tab: 'bbbb' })
    keepEpoch(`${who}.aaaa`, 7)
    keepEpoch(`${who}.cccc`, 9)
    expect(rememberedTabs()).toEqual([
      { who, tab: 'aaaa', epoch: 7 },
      { who, tab: 'bbbb' },
    ])
    forgetTab(who, 'aaaa')
    expect(rememberedTabs()).toEqual([{ who, tab: 'bbbb' }])
  })

  test('a bounded number of them, the newest', () => {
    for (let index = 0; index < rememberedTabsMax + 4; index += 1) rememberTab({ who: `${who}${index}`, tab: 'aaaa' })
    expect(rememberedTabs()).toHaveLength(rememberedTabsMax)
    expect(rememberedTabs().at(-1)?.who).toBe(`${who}${rememberedTabsMax + 3}`)
  })

  test.each(['', 'null', '{}', 'not json', '[1,null,{"who":"x"},{"who":"x","tab":"TOO"},{"who":"x","tab":"aaaa","epoch":1.5}]'])(
    'nothing when the storage holds %j',
    (text) => {
      storage.setItem('hopmesh.tabs', text)
      expect(rememberedTabs()).toEqual([])
    },
  )

  test('nothing where storage is refused or absent, without an error', () => {
    storage.refuses = true
    rememberTab({ who, tab: 'aaaa' })
    expect(rememberedTabs()).toEqual([])
    vi.stubGlobal('sessionStorage', undefined)
    rememberTab({ who, tab: 'aaaa' })
    expect(rememberedTabs()).toEqual([])
  })
})
