import { expect, test } from '../support/test.ts'

test('PY-04 PN-03 members of two networks at one relay never see each other', async ({ pages, relay }) => {
  const rose = await pages.member({ relay: relay.url, network: 'garden', name: 'Rose' })
  const tulip = await pages.member({ relay: relay.url, network: 'garden', name: 'Tulip' })
  const book = await pages.member({ relay: relay.url, network: 'library', name: 'Book' })
  const page = await pages.member({ relay: relay.url, network: 'library', name: 'Page' })
  await rose.offers('ping', await tulip.address())
  await book.offers('ping', await page.address())

  // Each has met its own by now, and the relay has had as long to mix the two up.
  for (const [member, stranger] of [
    [rose, book],
    [tulip, page],
    [book, rose],
    [page, tulip],
  ] as const) {
    const foreign = await stranger.address()
    expect(await member.peer(foreign)).toBeUndefined()
    expect(await member.call({ to: foreign }).catch((error: Error) => error.message)).toMatch(/ping/)
  }
  await book.page.evaluate(() => mesh.broadcast('for the library'))
  await expect.poll(() => page.heard()).toEqual(['for the library'])
  for (const member of [rose, tulip, book]) expect(await member.heard()).toEqual([])
})
