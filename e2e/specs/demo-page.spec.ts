import { expect, test } from '../support/test.ts'

test('the welcome opens a second tab, which joins the same network', async ({ pages, relay }) => {
  const ada = await pages.demo({ relay: relay.url, network: 'garden', name: 'Ada' })
  await ada.online()
  const [second] = await Promise.all([ada.page.context().waitForEvent('page'), ada.part('open-tab').click()])
  pages.watch(second)
  await expect(second.getByTestId('state')).toHaveText('online')
  await expect(second.getByTestId('member').filter({ hasText: 'Ada' })).toBeVisible()
  await expect(second.getByTestId('own-name')).not.toHaveText('Ada')
})

test('the link of the page can be copied', async ({ pages, relay }) => {
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  await ada.page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await ada.part('copy-link').click()
  await expect(ada.part('copied')).toHaveText('copied')
  expect(await ada.page.evaluate(() => navigator.clipboard.readText())).toBe(await ada.part('link').inputValue())
})

test('a message to one member is marked delivered, and nobody else gets it', async ({ pages, relay }) => {
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  const bob = await pages.demo({ relay: relay.url, name: 'Bob' })
  const eve = await pages.demo({ relay: relay.url, name: 'Eve' })
  await expect(ada.member('Bob')).toBeVisible()
  await expect(ada.member('Eve')).toBeVisible()

  await ada.say('for Bob alone', 'Bob')
  await expect(ada.line('for Bob alone').getByTestId('chat-mark')).toHaveText('delivered ✓')
  await expect(bob.line('for Bob alone')).toContainText('only to you')
  // What comes after it, to all, shows that the first had its chance to arrive.
  await ada.part('chat-target').selectOption({ label: 'Everyone' })
  await ada.say('for all')
  await expect(eve.line('for all')).toBeVisible()
  await expect(eve.line('for Bob alone')).toHaveCount(0)
})

test('what others call themselves and write is text and nothing else', async ({ pages, relay }) => {
  const name = '<img src=x onerror="throw 1">'
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  const mallory = await pages.demo({ relay: relay.url, name })
  await expect(ada.member(name)).toBeVisible()
  await expect(mallory.member('Ada')).toBeVisible()
  await mallory.say('<b>bold</b> <script>throw 2</script>')
  await expect(ada.line('<b>bold</b> <script>throw 2</script>')).toBeVisible()
  expect(await ada.page.locator('main img, main b, main script').count()).toBe(0)
})

test('a name that is too long is shortened, and the page joins', async ({ pages, relay }) => {
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  await pages.demo({ relay: relay.url, name: 'ñ'.repeat(300) })
  await expect(ada.member('ñ'.repeat(32))).toBeVisible()
})

test('the connect button says why there is no direct link, and makes one when there can be', async ({ pages, relay, browser }) => {
  // Bob makes no links by himself, and Ada's browser refuses all until it is told otherwise: only the button is left.
  const bob = await pages.member({ relay: relay.url, name: 'Bob', degree: 0 })
  const context = await browser.newContext()
  await context.addInitScript(() => {
    const { RTCPeerConnection } = window
    const refuse = function (): never {
      throw new Error('no links yet')
    }
    Object.assign(window, { RTCPeerConnection: refuse, allowed: RTCPeerConnection })
  })
  const ada = await pages.demo({ relay: relay.url, name: 'Ada', context })
  await ada.online()
  const row = ada.member('Bob')
  await expect(row.getByTestId('member-path')).toHaveText('relayed')
  await row.getByTestId('connect').click()
  await expect(row.getByTestId('member-note')).toContainText('A direct connection could not be made.')

  await expect(row.getByTestId('connect')).toBeEnabled()
  // In one turn, or the page itself may be the first to make the link.
  await row.getByTestId('connect').evaluate((button) => {
    Object.assign(window, { RTCPeerConnection: (window as unknown as { allowed: typeof RTCPeerConnection }).allowed })
    ;(button as HTMLElement).click()
  })
  await expect(row.getByTestId('member-path')).toHaveText('direct')
  await expect(row.getByTestId('connect')).toBeHidden()
  await expect(row.getByTestId('member-note')).toBeEmpty()
  await expect.poll(async () => (await bob.peer(await ada.address()))?.direct).toBe(true)
  await context.close()
})

test('an unreachable relay is told in words, and the page comes online when it appears', async ({ pages, relay }) => {
  pages.guard.expectRelayLoss()
  await relay.kill()
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  const warning = ada.page.locator('[data-testid=warning][data-code=RELAY_UNREACHABLE]')
  await expect(warning).toContainText('cannot be reached')
  await expect(ada.part('state')).not.toHaveText('online')
  await relay.start()
  await ada.online()
  await expect(warning).toHaveCount(0)
})

test('a relay that is no address is told in words', async ({ pages }) => {
  const page = await pages.demo({ relay: 'nonsense' })
  await expect(page.part('refused')).toContainText('This page cannot join.')
})

for (const [width, height] of [
  [360, 740],
  [1400, 900],
] as const) {
  test(`the page fits ${width} pixels without scrolling sideways`, async ({ pages, relay }) => {
    const bob = await pages.demo({ relay: relay.url, name: 'Somebody With Quite A Long Name' })
    const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
    await ada.page.setViewportSize({ width, height })
    await expect(ada.member('Somebody With Quite A Long Name')).toBeVisible()
    await expect(bob.member('Ada')).toBeVisible()
    await bob.say('unbroken'.repeat(40))
    await expect(ada.part('chat-line')).toHaveCount(1)
    expect(await ada.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)).toBe(0)
    for (const id of ['picture-panel', 'chat-panel', 'members-panel', 'services-panel', 'devices-panel', 'log-panel']) {
      const box = await ada.part(id).boundingBox()
      expect(box !== null && box.x >= 0 && box.x + box.width <= width, `${id} lies inside the page`).toBe(true)
    }
  })
}
