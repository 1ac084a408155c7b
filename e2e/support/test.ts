import { test as base } from '@playwright/test'
import type { Browser, BrowserContext, Page } from '@playwright/test'
import { DemoPage } from './demo-page.ts'
import { BarePage } from './bare-page.ts'
import type { JoinOptions } from './bare-page.ts'
import { PageGuard } from './page-guard.ts'
import { RelayProcess } from './relay-process.ts'

export { expect } from '@playwright/test'

export interface OpenOptions {
  /** Default: a new one, as another person's browser. */
  readonly context?: BrowserContext
  /** Default: the browser of the test. */
  readonly browser?: Browser
  /** Default localhost. */
  readonly host?: string
}

export interface DemoOptions extends OpenOptions {
  readonly relay: string
  readonly network?: string
  readonly name?: string
  /** In the fragment of the address. */
  readonly key?: string
}

/** Opens pages of the tests' own server, all under guard. */
export class Pages {
  readonly guard = new PageGuard()
  readonly #browser: Browser
  readonly #opened: BrowserContext[] = []

  constructor(browser: Browser) {
    this.#browser = browser
  }

  async demo({ relay, network, name, key, ...open }: DemoOptions): Promise<DemoPage> {
    const query = new URLSearchParams({ relay, ...(network === undefined ? {} : { network }), ...(name === undefined ? {} : { name }) })
    return new DemoPage(await this.#open(`demo/?${query.toString()}${key === undefined ? '' : `#key=${encodeURIComponent(key)}`}`, open))
  }

  async bare(open: OpenOptions = {}): Promise<BarePage> {
    const page = await this.#open('bare/', open)
    await page.locator('body[data-loaded=yes]').waitFor({ state: 'attached' })
    return new BarePage(page)
  }

  /** A bare page that has joined. */
  async member(options: JoinOptions, open: OpenOptions = {}): Promise<BarePage> {
    const page = await this.bare(open)
    await page.join(options)
    return page
  }

  /** Watches a page that the test opened itself. */
  watch(page: Page): void {
    this.guard.watch(page)
  }

  async close(): Promise<void> {
    await Promise.all(this.#opened.map((context) => context.close()))
  }

  async #open(path: string, { context, browser, host = 'localhost' }: OpenOptions): Promise<Page> {
    let home = context
    if (home === undefined) {
      home = await (browser ?? this.#browser).newContext()
      this.#opened.push(home)
    }
    const page = await home.newPage()
    this.guard.watch(page)
    await page.goto(`http://${host}:${process.env['HOPMESH_E2E_PORT']}/${path}`)
    return page
  }
}

interface Fixtures {
  /** A relay process of this test's own, with its doors for plain nodes open. */
  readonly relay: RelayProcess
  readonly pages: Pages
}

export const test = base.extend<Fixtures>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern to learn what a fixture needs
  relay: async ({}, use) => {
    const relay = await new RelayProcess().start()
    await use(relay)
    await relay.kill()
  },
  // After the relay, so that pages are looked at and closed while it still answers: a page that is just dialing would complain.
  pages: async ({ browser, relay }, use) => {
    void relay
    const pages = new Pages(browser)
    await use(pages)
    pages.guard.check()
    await pages.close()
  },
})
