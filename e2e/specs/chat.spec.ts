import { expect, test } from '../support/test.ts'

test('a message to a member whose tab is closed is stored, and turns delivered when the tab is back', async ({ pages, relay, browser }) => {
  const home = await browser.newContext()
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  const first = await pages.demo({ relay: relay.url, name: 'Bob', context: home })
  await expect(ada.member('Bob')).toBeVisible()
  await ada.say('are you there?', 'Bob')
  await expect(ada.line('are you there?').getByTestId('chat-mark')).toHaveText('delivered ✓')

  // Long enough to be squeezed by the streams of the browser, there and here.
  const long = 'long and long '.repeat(120).trim()
  await ada.say(long, 'Bob')
  await expect(first.line(long)).toBeVisible()
  await expect(ada.line(long).getByTestId('chat-mark')).toHaveText('delivered ✓')
  const capabilities = await ada.page.evaluate(
    (address) => window.hopmesh?.mesh.router.destination(address)?.capabilities,
    await first.address(),
  )
  expect(capabilities).toContain('deflate')

  await first.page.close()
  await ada.say('for later', 'Bob (away)')
  await expect(ada.line('for later')).toContainText('only to Bob')
  await expect(ada.line('for later').getByTestId('chat-mark')).toHaveText('stored until they are back')

  const bob = await pages.demo({ relay: relay.url, name: 'Bob', context: home })
  await expect(bob.line('for later')).toContainText('only to you')
  await expect(ada.line('for later').getByTestId('chat-mark')).toHaveText('delivered ✓')
  await expect(bob.line('are you there?')).toHaveCount(0)

  // Whoever was chosen while away is chosen now that they are here.
  await ada.say('welcome back')
  await expect(bob.line('welcome back')).toContainText('only to you')
  await expect(bob.line('for later')).toHaveCount(1)
  await home.close()
})

test('what is stored outlives the page that said it', async ({ pages, relay, browser }) => {
  const home = await browser.newContext()
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  const first = await pages.demo({ relay: relay.url, name: 'Bob', context: home })
  await expect(ada.member('Bob')).toBeVisible()
  await first.page.close()
  await ada.say('<i>remember</i> me', 'Bob (away)')
  await expect(ada.line('<i>remember</i> me').getByTestId('chat-mark')).toHaveText('stored until they are back')

  await ada.page.reload()
  await expect(ada.line('<i>remember</i> me').getByTestId('chat-mark')).toHaveText('stored until they are back')
  const bob = await pages.demo({ relay: relay.url, name: 'Bob', context: home })
  await expect(bob.line('<i>remember</i> me')).toBeVisible()
  await expect(ada.line('<i>remember</i> me').getByTestId('chat-mark')).toHaveText('delivered ✓')

  await bob.page.reload()
  await ada.page.reload()
  await expect(ada.member('Bob')).toBeVisible()
  await ada.say('once more', 'Bob')
  await expect(bob.line('once more')).toBeVisible()
  await expect(bob.line('<i>remember</i> me')).toHaveCount(0)
  await expect(ada.part('chat-line')).toHaveCount(1)
  await home.close()
})

test('two tabs of one member: the nearest one takes a message, and the other one does not take it again', async ({
  pages,
  relay,
  browser,
}) => {
  const home = await browser.newContext()
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  const tabs = [
    await pages.demo({ relay: relay.url, name: 'Bob', context: home }),
    await pages.demo({ relay: relay.url, name: 'Bob', context: home }),
  ]
  for (const tab of tabs) await tab.online()
  const who = (await tabs[0]?.address())?.split('.')[0] ?? ''
  await expect
    .poll(() =>
      ada.page.evaluate((wanted) => [...(window.hopmesh?.mesh.peers.keys() ?? [])].filter((one) => one.startsWith(wanted)).length, who),
    )
    .toBe(2)
  const sent = await ada.page.evaluate(async (target) => window.hopmesh?.mesh.send(target, 'to one of you'), who)
  expect(sent?.state).toBe('delivered')
  const lines = async (): Promise<number> =>
    (await Promise.all(tabs.map((tab) => tab.line('to one of you').count()))).reduce((sum, one) => sum + one, 0)
  await expect.poll(lines).toBe(1)
  await home.close()
})

test('what was said to all is marked with who has it, and reaches a member that was away when it is back', async ({
  pages,
  relay,
  browser,
}) => {
  const home = await browser.newContext()
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  const eve = await pages.demo({ relay: relay.url, name: 'Eve' })
  const first = await pages.demo({ relay: relay.url, name: 'Bob', context: home })
  await expect(ada.member('Bob')).toBeVisible()
  await expect(ada.member('Eve')).toBeVisible()
  await ada.say('hello all')
  await expect(ada.line('hello all').getByTestId('chat-mark')).toHaveText('delivered to 2 ✓')

  await first.page.close()
  await ada.misses('Bob')
  await ada.say('while Bob was away')
  await expect(eve.line('while Bob was away')).toBeVisible()
  await expect(ada.line('while Bob was away').getByTestId('chat-mark')).toContainText('delivered to 1 ✓')

  const bob = await pages.demo({ relay: relay.url, name: 'Bob', context: home })
  await expect(bob.line('while Bob was away')).toHaveCount(1)

  await bob.page.reload()
  await bob.online()
  await expect(ada.member('Bob').and(ada.page.locator('[data-state=active]'))).toBeVisible()
  await ada.say('and now')
  await expect(bob.line('and now')).toBeVisible()
  await expect(bob.line('while Bob was away')).toHaveCount(0)
  await home.close()
})
