import { expect, test } from './channel-test.ts'
import type { KeptPage } from './pages/identity.ts'

declare global {
  var kept: KeptPage
}

test.describe('what is kept for a profile', () => {
  test('is there after a reload, in the order of its keys, and goes when it is deleted', async ({ open }) => {
    const page = await open('identity.html')
    await page.waitForFunction(() => 'kept' in globalThis)
    await page.evaluate(async () => {
      for (const key of ['b/2', 'a', 'b/1', 'c']) await kept.set(key, 1, 2)
      await kept.set('a', 9)
      await kept.delete('c', 'nothing')
    })
    await page.reload()
    await page.waitForFunction(() => 'kept' in globalThis)
    expect(await page.evaluate(() => kept.list('b/'))).toEqual([
      ['b/1', [1, 2]],
      ['b/2', [1, 2]],
    ])
    expect(await page.evaluate(() => kept.list(''))).toEqual([
      ['a', [9]],
      ['b/1', [1, 2]],
      ['b/2', [1, 2]],
    ])
  })

  test('two tabs that add the same keys at once: one of the two adds each', async ({ open }) => {
    const tabs = [await open('identity.html'), await open('identity.html')]
    for (const tab of tabs) await tab.waitForFunction(() => 'kept' in globalThis)
    const added = await Promise.all(
      tabs.map((tab) => tab.evaluate(() => kept.add(...Array.from({ length: 200 }, (_, index) => `key ${index}`), 'key 0', 'key 1'))),
    )
    expect(added.reduce((sum, one) => sum + one, 0)).toBe(200)
    expect(await tabs[0]?.evaluate(async () => (await kept.list('key')).length)).toBe(200)
  })
})
