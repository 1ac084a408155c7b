// Tabs of one headless Chromium, for what is measured between them. Chromium and vite are no dependencies of anything that is
// published.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, CDPSession, Page } from '@playwright/test'

/** Two tabs that carry something between them. */
export interface Pair {
  readonly one: Page
  readonly other: Page
}

export class BrowserTabs {
  readonly #browser: Browser
  readonly #context: BrowserContext
  readonly #session: CDPSession

  private constructor(browser: Browser, context: BrowserContext, session: CDPSession) {
    this.#browser = browser
    this.#context = context
    this.#session = session
  }

  static async launch(): Promise<BrowserTabs> {
    const { chromium } = await import('@playwright/test')
    const executablePath = process.env['HOPMESH_CHROMIUM'] ?? '/usr/bin/chromium'
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-background-networking', '--disable-quic'] })
    return new BrowserTabs(browser, await browser.newContext(), await browser.newBrowserCDPSession())
  }

  async open(url: string): Promise<Page> {
    const page = await this.#context.newPage()
    await page.goto(url)
    await page.locator('body[data-loaded=yes]').waitFor({ state: 'attached' })
    return page
  }

  async pair(url: string): Promise<Pair> {
    return { one: await this.open(url), other: await this.open(url) }
  }

  /** CPU time of the whole browser so far, in microseconds. */
  async cpuMicros(): Promise<number> {
    const { processInfo } = await this.#session.send('SystemInfo.getProcessInfo')
    return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime * 1e6, 0)
  }

  async close(): Promise<void> {
    await this.#browser.close()
  }
}

/** A page, built from its folder and served. */
export class ServedPage {
  readonly url: string
  readonly #close: () => Promise<void>

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url
    this.#close = close
  }

  static async serve(folder: string): Promise<ServedPage> {
    const { build, defaultClientConditions, preview } = await import('vite')
    const outDir = await mkdtemp(join(tmpdir(), 'hopmesh-bench-'))
    const shared = {
      root: folder,
      configFile: false as const,
      logLevel: 'warn' as const,
      resolve: { conditions: ['hopmesh-source', ...defaultClientConditions] },
    }
    await build({ ...shared, base: './', build: { outDir, emptyOutDir: true, target: 'es2022' } })
    const server = await preview({ ...shared, build: { outDir }, preview: { port: 0, host: 'localhost' } })
    return new ServedPage(server.resolvedUrls?.local[0] ?? '', async () => {
      await server.close()
      await rm(outDir, { recursive: true })
    })
  }

  close(): Promise<void> {
    return this.#close()
  }
}
