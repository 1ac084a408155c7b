import { DemoPage } from '../support/demo-page.ts'
import { expect, test } from '../support/test.ts'

test('SE4 ALN-01 a copied tab that nobody notices: the later one keeps the address, the other one takes another and goes on', async ({
  pages,
  relay,
}) => {
  const bob = await pages.demo({ relay: relay.url, name: 'Bob' })
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  await expect(bob.member('Ada')).toBeVisible()
  const address = await ada.address()

  // A browser in which tabs cannot notice each other. The window starts with a copy of the sessionStorage, as a duplicated tab does.
  const context = ada.page.context()
  await context.addInitScript(() => {
    delete (Navigator.prototype as { locks?: unknown }).locks
    delete (globalThis as { BroadcastChannel?: unknown }).BroadcastChannel
  })
  const opening = context.waitForEvent('page')
  await ada.page.evaluate(() => void window.open(location.href))
  const copy = new DemoPage(await opening)
  pages.watch(copy.page)
  expect(await copy.address()).toBe(address)

  await expect(ada.part('own-address')).not.toHaveText(address)
  await expect(ada.part('log')).toContainText(`another process has the address ${address}`)
  await expect(ada.page.locator('[data-testid=warning][data-code=IDENTITY_IN_USE]')).toContainText('takes a new address by itself')
  expect((await ada.address()).slice(0, 27)).toBe(address.slice(0, 27))
  await ada.online()
  await expect(copy.part('own-address')).toHaveText(address)

  // Both are there for everybody, and offer what they offered.
  for (const one of [address, await ada.address()]) {
    const row = bob.page.locator(`[data-testid=member][data-address="${one}"]`)
    await expect(row).toBeVisible()
    await expect(row.getByTestId('member-proof')).toHaveText('verified')
  }
  await ada.say('I am still here')
  await expect(bob.line('I am still here')).toBeVisible()
  // After a reload the first one is who it became.
  const taken = await ada.address()
  await ada.page.reload()
  expect(await ada.address()).toBe(taken)
})
