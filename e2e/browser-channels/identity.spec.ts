import { chromium } from '@playwright/test'
import type { Browser, Page } from '@playwright/test'
import { chromiumFlags, chromiumPath } from '../support/chromium.ts'
import { expect, test } from './channel-test.ts'
import type { IdentityPage, LoadedHere } from './pages/identity.ts'

declare global {
  var identity: IdentityPage
  /** In a page that waits before it draws a key. */
  var waits: true | undefined
  var goOn: () => void
}

const identityPage = 'identity.html'

async function loaded(page: Page): Promise<LoadedHere> {
  await page.waitForFunction(() => 'identity' in globalThis)
  return page.evaluate(() => identity.first)
}

/** What stands in IndexedDB. */
async function storedHere(page: Page): Promise<{ kind: string; extractable: boolean }> {
  return page.evaluate(
    () =>
      new Promise<{ kind: string; extractable: boolean }>((resolve, reject) => {
        const opening = indexedDB.open('hopmesh')
        opening.addEventListener('error', () => reject(new Error('no database')))
        opening.addEventListener('success', () => {
          const reading = opening.result.transaction('identity').objectStore('identity').get('identity')
          reading.addEventListener('success', () =>
            resolve({ kind: reading.result.kind, extractable: reading.result.pair.privateKey.extractable }),
          )
        })
      }),
  )
}

test.describe('the identity of a page', () => {
  test('a reload keeps who and tab, and knows the last epoch', async ({ open }) => {
    const page = await open(identityPage)
    const before = await loaded(page)
    expect(before).toMatchObject({ warnings: [], signs: true, subtle: true, lastEpoch: undefined })
    expect(before.who).toMatch(/^k[a-z2-7]{26}$/)
    expect(before.tab).toMatch(/^[a-z2-7]{4}$/)
    await page.evaluate(() => identity.keepEpoch(41))
    await page.reload()
    expect(await loaded(page)).toEqual({ ...before, lastEpoch: 41 })
    for (let round = 0; round < 5; round += 1) {
      await page.reload()
      expect((await loaded(page)).tab).toBe(before.tab)
    }
  })

  test('the key in IndexedDB cannot be read', async ({ open }) => {
    const page = await open(identityPage)
    await loaded(page)
    expect(await storedHere(page)).toEqual({ kind: 'key', extractable: false })
  })

  test('PY-28 an identity that was kept as text becomes that of the profile, as unreadable as a drawn one, here and on another device', async ({
    open,
  }) => {
    const page = await open(identityPage)
    const before = await loaded(page)
    const imported = await page.evaluate(() => identity.import())
    expect(imported.who).not.toBe(before.who)
    expect(imported.text).toMatch(/^hmi-[a-z2-7]{56}$/)
    await page.reload()
    expect(await loaded(page)).toMatchObject({ who: imported.who, warnings: [], signs: true })
    expect(await page.evaluate((text) => identity.import(text), imported.text)).toEqual(imported)
    const refused = await page.evaluate(
      (text) => identity.import(text).catch((error: { code: string }) => error.code),
      imported.text.slice(0, -1),
    )
    expect(refused).toBe('INVALID_OPTION')
    expect(await storedHere(page)).toEqual({ kind: 'key', extractable: false })
  })

  test('a tab that was duplicated with its sessionStorage has the same who and another suffix', async ({ open, context }) => {
    const original = await open(identityPage)
    const first = await loaded(original)
    // A window that a page opens starts with a copy of its sessionStorage, like a duplicated tab.
    const opening = context.waitForEvent('page')
    await original.evaluate(() => {
      window.open(location.href)
    })
    const copy = await opening
    const second = await loaded(copy)
    expect(second.who).toBe(first.who)
    expect(second.tab).not.toBe(first.tab)
    // Both keep what they have, also when the copy reloads after the original has gone.
    await original.reload()
    expect((await loaded(original)).tab).toBe(first.tab)
    await original.close()
    await copy.reload()
    expect((await loaded(copy)).tab).toBe(second.tab)
  })

  test('a reload keeps the tab also when the lock on its address comes back late, as on a busy machine', async ({ open, context }) => {
    const other = await open(identityPage)
    await loaded(other)
    const page = await context.newPage()
    await page.goto(other.url())
    const before = await loaded(page)
    // What holds the lock and says nothing is a page on its way out.
    const name = `hopmesh ${before.who}.${before.tab}`
    const given = other.evaluate(
      (lock) => navigator.locks.request(lock, () => new Promise<void>((resolve) => setTimeout(resolve, 1_000))),
      name,
    )
    await other.waitForFunction(async (lock) => (await navigator.locks.query()).pending?.some((request) => request.name === lock), name)
    await page.reload()
    expect((await loaded(page)).tab).toBe(before.tab)
    await given
  })

  test('PP-22 two meshes of one page have two suffixes, and both find theirs again', async ({ open }) => {
    const page = await open(identityPage)
    const first = await loaded(page)
    const second = await page.evaluate(() => identity.another())
    expect(second.who).toBe(first.who)
    expect(second.tab).not.toBe(first.tab)
    await page.reload()
    expect((await loaded(page)).tab).toBe(first.tab)
    expect((await page.evaluate(() => identity.another())).tab).toBe(second.tab)
  })

  test('PP-22 four tabs at once on a first visit are one who and four tabs', async ({ open }) => {
    const pages = await Promise.all([1, 2, 3, 4].map(() => open(identityPage)))
    const all = await Promise.all(pages.map((page) => loaded(page)))
    expect(new Set(all.map(({ who }) => who)).size).toBe(1)
    expect(new Set(all.map(({ tab }) => tab)).size).toBe(4)
    expect(all.every(({ signs }) => signs)).toBe(true)
  })

  test('of two tabs that both found nothing stored, the slower takes the key of the faster', async ({ open, context }) => {
    await context.addInitScript(() => {
      const { subtle } = globalThis.crypto
      // Both have read before either writes: what comes after the first reading waits until the page is told to go on.
      const told = new Promise<void>((resolve) => (globalThis.goOn = resolve))
      let read = false
      // oxlint-disable-next-line typescript/unbound-method -- the proxies hand `this` through
      IDBObjectStore.prototype.get = new Proxy(IDBObjectStore.prototype.get, {
        apply(get, store, rest: [string]) {
          read = true
          return Reflect.apply(get, store, rest)
        },
      })
      subtle.generateKey = new Proxy(subtle.generateKey.bind(subtle), {
        async apply(generateKey, _, rest: Parameters<SubtleCrypto['generateKey']>) {
          if (read) {
            globalThis.waits = true
            await told
          }
          return generateKey(...rest)
        },
      }) as SubtleCrypto['generateKey']
    })
    const [slow, fast] = await Promise.all([open(identityPage), open(identityPage)])
    for (const page of [slow, fast]) await page.waitForFunction(() => globalThis.waits)
    await fast.evaluate(() => goOn())
    const second = await loaded(fast)
    await slow.evaluate(() => goOn())
    const first = await loaded(slow)
    expect(first.who).toBe(second.who)
    expect([first.signs, second.signs]).toEqual([true, true])
  })

  test('without IndexedDB a page has an identity of its own and says so', async ({ open, context }) => {
    await context.addInitScript(() => {
      Object.defineProperty(globalThis, 'indexedDB', {
        value: {
          open: () => {
            throw new DOMException('denied', 'SecurityError')
          },
        },
      })
    })
    expect(await loaded(await open(identityPage))).toMatchObject({ warnings: ['IDENTITY_STORAGE'], signs: true })
  })

  test('SE11 a browser that does not keep unreadable keys keeps a seed, and says so', async ({ open, context }) => {
    await context.addInitScript(() => {
      // oxlint-disable-next-line typescript/unbound-method -- the proxy hands `this` through
      IDBObjectStore.prototype.put = new Proxy(IDBObjectStore.prototype.put, {
        apply(put, store, rest: [{ kind?: string }, string]) {
          if (rest[0].kind === 'key') throw new DOMException('A CryptoKey cannot be cloned', 'DataCloneError')
          return Reflect.apply(put, store, rest)
        },
      })
    })
    const page = await open(identityPage)
    const before = await loaded(page)
    expect(before).toMatchObject({ warnings: ['IDENTITY_STORAGE'], signs: true })
    await page.reload()
    expect(await loaded(page)).toMatchObject({ who: before.who, tab: before.tab, signs: true })
  })
})

test.describe('a plain http origin that is not localhost', () => {
  let elsewhere: Browser

  test.beforeAll(async () => {
    elsewhere = await chromium.launch({
      executablePath: chromiumPath(),
      args: [...chromiumFlags, '--host-resolver-rules=MAP name.test 127.0.0.1'],
    })
  })

  test.afterAll(() => elsewhere.close())

  test('has a working identity that survives a reload, and INSECURE_CONTEXT', async ({ guard, site }) => {
    const context = await elsewhere.newContext()
    const page = await context.newPage()
    guard.watch(page)
    await page.goto(`http://name.test:${site.port}/${identityPage}`)
    const before = await loaded(page)
    expect(before).toMatchObject({ warnings: ['INSECURE_CONTEXT'], signs: true, subtle: false })
    await page.reload()
    expect(await loaded(page)).toEqual(before)

    // No Web Locks here: the tabs ask each other.
    const opening = context.waitForEvent('page')
    await page.evaluate(() => {
      window.open(location.href)
    })
    const copy = await loaded(await opening)
    expect(copy.who).toBe(before.who)
    expect(copy.tab).not.toBe(before.tab)
    await context.close()
  })
})
