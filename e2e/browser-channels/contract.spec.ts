import type { Page } from '@playwright/test'
import type { PageServer } from './page-server.ts'
import { expect, test } from './channel-test.ts'
import type { ContractPage } from './pages/contract.ts'

declare global {
  var contract: ContractPage
}

const contractPage = 'contract.html'

async function contractReady(page: Page): Promise<void> {
  await page.waitForFunction(() => 'contract' in globalThis)
}

test.describe('the channel contract in a page', () => {
  test('ALN-40 every case holds over WebRTC', async ({ open }) => {
    const page = await open(contractPage)
    await contractReady(page)
    const results = await page.evaluate(() => contract.webRtc())
    expect(results.filter(({ failure }) => failure !== undefined)).toEqual([])
    expect(results.length).toBeGreaterThan(15)
  })

  test('ALN-40, ALN-44 every case holds over WebSocket', async ({ open, site }) => {
    const page = await open(contractPage)
    await contractReady(page)
    const results = await page.evaluate((url) => contract.webSocket(url), site.pipeUrl)
    expect(results.filter(({ failure }) => failure !== undefined)).toEqual([])
    expect(results.length).toBeGreaterThan(15)
  })

  test('both ends of a WebRTC channel have the same binding: two different fingerprints', async ({ open }) => {
    const page = await open(contractPage)
    await contractReady(page)
    const [dialer, listener] = await page.evaluate(() => contract.bindings())
    expect(dialer).toMatch(/^sha-256 [0-9A-F:]{95}\n\nsha-256 [0-9A-F:]{95}$/)
    expect(listener).toBe(dialer)
    expect(new Set(dialer?.split('\n\n')).size).toBe(2)
  })

  test('ALN-40 a WebRTC channel that is closed while full still hands over what it took', async ({ open }) => {
    const page = await open(contractPage)
    await contractReady(page)
    const { taken, arrived, ends } = await page.evaluate(() => contract.closesFull())
    expect(taken).toBeGreaterThan(262_144)
    expect(arrived).toBe(taken)
    expect(ends).toEqual(['remote'])
  })

  test('what a WebRTC channel delivers is a plain Uint8Array, and a page needs no Node names', async ({ open }) => {
    const page = await open(contractPage)
    await contractReady(page)
    expect(await page.evaluate(() => contract.arrivesAs())).toBe('Uint8Array')
    expect(await page.evaluate(() => ['Buffer', 'process', 'global'].filter((name) => name in globalThis))).toEqual([])
  })
})

test.describe('a WebSocket that does not open says why', () => {
  const refusalOf = async (open: (path: string) => Promise<Page>, url: string): Promise<string> => {
    const page = await open(contractPage)
    await contractReady(page)
    return page.evaluate((each) => contract.refusal(each), url)
  }

  test('nobody listens', async ({ open, guard }) => {
    guard.expectRelayLoss()
    expect(await refusalOf(open, 'ws://127.0.0.1:1')).toMatch(/^RELAY_UNREACHABLE: The relay ws:\/\/127\.0\.0\.1:1 cannot be reached: /)
  })

  test('no subprotocol in common', async ({
    open,
    guard,
    site,
  }: {
    open: (path: string) => Promise<Page>
    guard: { expectRelayLoss(): void }
    site: PageServer
  }) => {
    guard.expectRelayLoss()
    expect(await refusalOf(open, `${site.pipeUrl}/plain`)).toMatch(/^RELAY_UNREACHABLE: .*hopmesh\.1/)
  })

  test('an answer that never comes', async ({ open, site }) => {
    expect(await refusalOf(open, `${site.pipeUrl}/silent`)).toMatch(/^RELAY_UNREACHABLE: .*no answer in 1000 ms/)
  })

  test('not a WebSocket URL', async ({ open }) => {
    expect(await refusalOf(open, 'https://relay.example')).toMatch(/^INVALID_OPTION: /)
  })
})
