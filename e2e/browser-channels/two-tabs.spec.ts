import type { Page } from '@playwright/test'
import { expect, test } from './channel-test.ts'
import type { TwoTabsPage } from './pages/two-tabs.ts'

declare global {
  var tab: TwoTabsPage
}

async function connectedTabs(open: (path: string) => Promise<Page>): Promise<{ dialer: Page; listener: Page }> {
  // The listener is there first: nobody repeats an offer here.
  const listener = await open('two-tabs.html#listener')
  await listener.waitForFunction(() => 'tab' in globalThis)
  const dialer = await open('two-tabs.html#dialer')
  await dialer.waitForFunction(() => 'tab' in globalThis)
  const roles = await Promise.all([dialer, listener].map((page) => page.evaluate(() => tab.open())))
  expect(roles).toEqual(['dialer', 'listener'])
  return { dialer, listener }
}

test('two tabs connect by WebRTC without any server and hear each other', async ({ open }) => {
  const { dialer, listener } = await connectedTabs(open)
  await expect.poll(() => dialer.evaluate(() => tab.heard)).toEqual(['hello from the listener'])
  await expect.poll(() => listener.evaluate(() => tab.heard)).toEqual(['hello from the dialer'])
})

for (const how of ['closes', 'navigates away', 'reloads'] as const) {
  test(`a tab that ${how} says so: an orderly end`, async ({ open, site }) => {
    const { dialer, listener } = await connectedTabs(open)
    await expect.poll(() => listener.evaluate(() => tab.heard.length)).toBe(1)
    if (how === 'closes') await dialer.close({ runBeforeUnload: true })
    if (how === 'navigates away') await dialer.goto(`${site.origin}/contract.html`)
    if (how === 'reloads') await dialer.reload()
    await listener.waitForFunction(() => tab.closed !== undefined)
    // Without its goodbye the channel is lost, five to fifteen seconds later.
    expect(await listener.evaluate(() => tab.closed)).toBe('remote')
  })
}
