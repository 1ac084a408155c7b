import { expect, test } from '../support/test.ts'

test('PP-30 two tabs of the demo see each other, a ping is answered and words cross, all by clicks', async ({ pages, relay, browser }) => {
  const context = await browser.newContext()
  const ada = await pages.demo({ relay: relay.url, name: 'Ada', context })
  await ada.online()
  const bob = await pages.demo({ relay: relay.url, name: 'Bob', context })
  await bob.online()

  await expect(ada.member('Bob')).toBeVisible()
  await expect(bob.member('Ada')).toBeVisible()
  expect(await ada.address()).not.toBe(await bob.address())

  await ada.service('Bob').getByTestId('ping').click()
  await expect(ada.service('Bob').getByTestId('service-answer')).toHaveText(/^pong from Bob \([\d.]+ ms\)$/)
  await bob.service('this page').getByTestId('ping').click()
  await expect(bob.service('this page').getByTestId('service-answer')).toHaveText(/^pong from Bob/)

  await bob.say('hello everybody')
  await expect(ada.line('hello everybody').getByTestId('chat-from')).toHaveText('Bob')
  await expect(bob.line('hello everybody').getByTestId('chat-mark')).toHaveText('delivered to 1 ✓')
  await context.close()
})

test('a third tab is in the picture of the others, and leaves it when it is closed', async ({ pages, relay }) => {
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  const bob = await pages.demo({ relay: relay.url, name: 'Bob' })
  const eve = await pages.demo({ relay: relay.url, name: 'Eve' })
  for (const name of ['Bob', 'Eve']) await expect(ada.member(name)).toBeVisible()
  // Ada, Bob, Eve and the relay.
  await expect(ada.part('picture-node')).toHaveCount(4)
  await expect(ada.part('picture')).toHaveAttribute('aria-label', /2 other members, 1 relays/)
  await eve.page.close({ runBeforeUnload: true })
  await ada.misses('Eve')
  await expect(ada.part('picture-node')).toHaveCount(3)
  await expect(bob.member('Ada')).toBeVisible()
})

test('a reload keeps who, and a second tab of one browser is somebody else with the same who', async ({ pages, relay, browser }) => {
  const context = await browser.newContext()
  const ada = await pages.demo({ relay: relay.url, context })
  const before = await ada.address()
  const name = await ada.part('own-name').textContent()
  await ada.page.reload()
  await ada.online()
  expect(await ada.address()).toBe(before)
  await expect(ada.part('own-name')).toHaveText(name ?? '')

  const other = await pages.demo({ relay: relay.url, context })
  const second = await other.address()
  expect(second).not.toBe(before)
  expect(second.split('.')[0]).toBe(before.split('.')[0])

  const stranger = await pages.demo({ relay: relay.url })
  expect((await stranger.address()).split('.')[0]).not.toBe(before.split('.')[0])
  await context.close()
})
