import { expect, test } from '../support/test.ts'

test('PY-25 one click asks the neighbours, and finds a relay that was away without waiting for the next try', async ({ pages, relay }) => {
  pages.guard.expectRelayLoss()
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  await ada.online()
  await expect(ada.part('health-facts')).toContainText('1 link · 1 in reach')
  await ada.part('heal').click()
  await expect(ada.part('heal-note')).toHaveText('asked 1 neighbour.')
  // From now on the next try comes an hour later, if nobody asks for it.
  await ada.page.evaluate(() => {
    const wait = globalThis.setTimeout
    globalThis.setTimeout = ((callback: () => void, delayMs?: number) =>
      wait(callback, (delayMs ?? 0) > 50 ? 3_600_000 : delayMs)) as typeof setTimeout
  })
  await relay.kill()
  await expect(ada.part('state')).toHaveText('offline, trying again …')
  await relay.start()
  await ada.part('heal').click()
  await ada.online()
  await expect(ada.part('heal-note')).toHaveText('dialed 1 relay.')
})
