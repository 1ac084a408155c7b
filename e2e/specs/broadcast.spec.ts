import { putToSleep } from '../support/sleeping-page.ts'
import { expect, test } from '../support/test.ts'
import { withoutDirectLinks } from '../support/without-direct-links.ts'

const said = ['one', 'two', 'three', 'four', 'five']

test('a tab that was frozen gets what was said to all meanwhile: in its order, and once', async ({ pages, relay }) => {
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  const bob = await pages.demo({ relay: relay.url, name: 'Bob' })
  await expect(ada.member('Bob')).toBeVisible()
  await ada.say('before')
  await expect(bob.line('before')).toBeVisible()

  // Long enough to be given up.
  const asleep = await putToSleep(bob.page)
  await ada.misses('Bob')
  for (const text of said) await ada.say(text)
  await expect(ada.line('five').getByTestId('chat-mark')).toHaveText('nobody else is here')

  await asleep.wake()
  await expect(bob.line('five')).toBeVisible()
  await expect(bob.part('chat-body')).toHaveText(['before', ...said])
  await expect(ada.line('five').getByTestId('chat-mark')).toHaveText('delivered to 1 ✓')
  await ada.say('after')
  await expect(bob.line('after')).toBeVisible()
  await expect(bob.part('chat-body')).toHaveText(['before', ...said, 'after'])
})

test('a tab that was cut off from everybody gets what was said to all, and others get what it said alone', async ({
  browser,
  pages,
  relay,
}) => {
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  // A direct link might come up while the relay is left.
  const context = await browser.newContext()
  await withoutDirectLinks(context)
  const bob = await pages.demo({ relay: relay.url, name: 'Bob', context })
  await expect(ada.member('Bob')).toBeVisible()
  await bob.page.evaluate((url) => window.hopmesh!.mesh.relays.remove(url), relay.url)
  await ada.misses('Bob')
  for (const text of said) await ada.say(text)
  await bob.say('all alone')
  await bob.page.evaluate((url) => window.hopmesh!.mesh.relays.add(url), relay.url)
  await expect(bob.line('five')).toBeVisible()
  await expect(ada.line('all alone')).toHaveCount(1)
  const heard = await bob.part('chat-body').allTextContents()
  expect(heard.filter((text) => text !== 'all alone')).toEqual(said)
  await context.close()
})
