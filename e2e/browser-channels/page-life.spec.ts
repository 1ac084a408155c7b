import { chromium } from '@playwright/test'
import type { Browser } from '@playwright/test'
import { chromiumFlags, chromiumPath } from '../support/chromium.ts'
import { expect, test } from '../support/test.ts'

declare global {
  var persisted: boolean | undefined
}

test.describe('a page that is left and shown again', () => {
  let browser: Browser

  // Playwright turns the back-forward cache off unless it is told not to.
  test.beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: chromiumPath(),
      args: [...chromiumFlags],
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
    })
  })

  test.afterAll(() => browser.close())

  test('comes out of the back-forward cache, with its address, and is back in the mesh at once', async ({ pages, relay }) => {
    const context = await browser.newContext()
    const other = await pages.member({ relay: relay.url, name: 'other' }, { browser })
    const left = await pages.member({ relay: relay.url, name: 'left' }, { context })
    const address = await left.address()
    await left.connect(await other.address())
    await other.sees(address)
    await left.page.evaluate(() => {
      addEventListener('pageshow', (event) => {
        globalThis.persisted = event.persisted
      })
    })

    await left.page.goto('about:blank')
    await expect.poll(() => other.page.evaluate((who) => mesh.peer(who)?.direct ?? false, address)).toBe(false)
    await left.page.goBack({ waitUntil: 'commit' })
    await expect.poll(() => left.page.evaluate(() => globalThis.persisted)).toBe(true)
    await expect.poll(() => left.page.evaluate(() => mesh.online)).toBe(true)
    expect(await left.address()).toBe(address)
    await other.offers('ping', address)
    expect(await other.call({ to: address })).toBe('pong hello from left')
    await context.close()
  })
})
