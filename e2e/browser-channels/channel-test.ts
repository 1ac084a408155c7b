import { test as base } from '@playwright/test'
import type { BrowserContext, Page } from '@playwright/test'
import { PageGuard } from '../support/page-guard.ts'
import type { PageServer } from './page-server.ts'
import { startPageServer } from './page-server.ts'

export { expect } from '@playwright/test'

interface Fixtures {
  /** Complaints of pages fail a test at its end. */
  readonly guard: PageGuard
  /** Opens a page of this folder under guard, in the test's own context unless another is named. */
  readonly open: (path: string, context?: BrowserContext) => Promise<Page>
}

interface WorkerFixtures {
  readonly site: PageServer
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  site: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern to learn what a fixture needs
    async ({}, use) => {
      const site = await startPageServer()
      await use(site)
      await site.close()
    },
    { scope: 'worker' },
  ],
  // oxlint-disable-next-line no-empty-pattern -- as above
  guard: async ({}, use) => {
    const guard = new PageGuard()
    await use(guard)
    guard.check()
  },
  open: async ({ context, guard, site }, use) => {
    await use(async (path, other = context) => {
      const page = await other.newPage()
      guard.watch(page)
      await page.goto(`${site.origin}/${path}`)
      return page
    })
  },
})
