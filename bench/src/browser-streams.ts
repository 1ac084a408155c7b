// P4: what `mesh.stream` carries from tab to tab over a direct link, sealed and repeated from end to end, beside a data channel
// as the browser has it. Two tabs of one headless Chromium, pieces of 16 KiB, in turn.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startRelay } from '@hopmesh/server'
import type { CDPSession, Page } from '@playwright/test'
import { sampleRow, type Bench, type BenchRow } from './bench-row.ts'
import type { Sample } from './pipelined.ts'

const rounds = Number(process.env['ROUNDS'] ?? 7)
const megabytes = Number(process.env['MEGABYTES'] ?? 48)
const pageFolder = fileURLToPath(new URL('../pages/streams', import.meta.url))

/** What the page has in its global scope. */
type Tab = typeof globalThis & {
  readonly raw: {
    offer(): Promise<string>
    answer(offer: string): Promise<string>
    accept(answer: string): Promise<void>
    send(bytes: number): Promise<number>
  }
  readonly tab: {
    join(relay: string): Promise<string>
    connect(address: string): Promise<void>
    send(address: string, bytes: number): Promise<number>
  }
}

/** The built page, served. Chromium and vite are no dependencies of anything that is published. */
async function served(work: (url: string) => Promise<void>): Promise<void> {
  const { build, defaultClientConditions, preview } = await import('vite')
  const outDir = await mkdtemp(join(tmpdir(), 'hopmesh-bench-'))
  try {
    const shared = {
      root: pageFolder,
      configFile: false as const,
      logLevel: 'warn' as const,
      resolve: { conditions: ['hopmesh-source', ...defaultClientConditions] },
    }
    await build({ ...shared, base: './', build: { outDir, emptyOutDir: true, target: 'es2022' } })
    const server = await preview({ ...shared, build: { outDir }, preview: { port: 0, host: 'localhost' } })
    try {
      await work(server.resolvedUrls?.local[0] ?? '')
    } finally {
      await server.close()
    }
  } finally {
    await rm(outDir, { recursive: true })
  }
}

/** CPU time of the whole browser so far, in microseconds. */
async function cpuMicros(browser: CDPSession): Promise<number> {
  const { processInfo } = await browser.send('SystemInfo.getProcessInfo')
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime * 1e6, 0)
}

async function sample(browser: CDPSession, bytes: number, carry: () => Promise<number>): Promise<Sample> {
  const before = await cpuMicros(browser)
  const ms = await carry()
  return { packetsPerSecond: bytes / ms / 1_000, cpuMicros: ((await cpuMicros(browser)) - before) / (bytes / 16_384) }
}

async function measure(browser: CDPSession, one: Page, other: Page): Promise<{ ours: Sample[]; raw: Sample[] }> {
  const relay = await startRelay({ port: 0 })
  try {
    const offer = await one.evaluate(() => (globalThis as Tab).raw.offer())
    const answer = await other.evaluate((said) => (globalThis as Tab).raw.answer(said), offer)
    await one.evaluate((said) => (globalThis as Tab).raw.accept(said), answer)
    const address = await other.evaluate((url) => (globalThis as Tab).tab.join(url), relay.ws)
    await one.evaluate((url) => (globalThis as Tab).tab.join(url), relay.ws)
    await one.evaluate((to) => (globalThis as Tab).tab.connect(to), address)
    const bytes = megabytes * 1_048_576
    const [ours, raw]: [Sample[], Sample[]] = [[], []]
    // The first round warms up.
    for (let round = 0; round <= rounds; round += 1) {
      const bare = await sample(browser, bytes, () => one.evaluate((count) => (globalThis as Tab).raw.send(count), bytes))
      const own = await sample(browser, bytes, () =>
        one.evaluate(([to, count]) => (globalThis as Tab).tab.send(to, count), [address, bytes] as const),
      )
      if (round === 0) continue
      raw.push(bare)
      ours.push(own)
    }
    return { ours, raw }
  } finally {
    await relay.close()
  }
}

async function run(): Promise<BenchRow[]> {
  const { chromium } = await import('@playwright/test')
  const rows: BenchRow[] = []
  await served(async (url) => {
    const executablePath = process.env['HOPMESH_CHROMIUM'] ?? '/usr/bin/chromium'
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-background-networking', '--disable-quic'] })
    try {
      const context = await browser.newContext()
      const [one, other] = [await context.newPage(), await context.newPage()]
      for (const page of [one, other]) {
        await page.goto(url)
        await page.locator('body[data-loaded=yes]').waitFor({ state: 'attached' })
      }
      const { ours, raw } = await measure(await browser.newBrowserCDPSession(), one, other)
      const work = `direct WebRTC, 16 KiB pieces, ${megabytes} MiB: MB/s`
      rows.push(sampleRow({ id: 'P4', work, peerName: 'raw RTCDataChannel', goal: 0.85 }, ours, raw))
    } finally {
      await browser.close()
    }
  })
  return rows
}

export const browserStreamsBench: Bench = { name: 'p4', run }
