import type { Browser, BrowserContext } from '@playwright/test'
import { chromium } from '@playwright/test'
import type { DemoPage } from '../support/demo-page.ts'
import { chromiumFlags, chromiumPath } from '../support/chromium.ts'
import { test as base } from '../support/test.ts'
import { Chooser } from './chooser.ts'
import type { EmulatedPeripheral } from './emulated-adapter.ts'
import { EmulatedAdapter } from './emulated-adapter.ts'
import { pumpNotifications } from './notification-pump.ts'

export { expect } from '../support/test.ts'

/** On Linux, Chromium hides Web Bluetooth behind these; the new permissions are what remembers devices beyond a reload. */
const bluetoothFlags = ['--enable-features=WebBluetooth,WebBluetoothNewPermissionsBackend', '--enable-experimental-web-platform-features']

/** A browser with Bluetooth of its own. */
export function launchRadio(): Promise<Browser> {
  return chromium.launch({ executablePath: chromiumPath(), args: [...chromiumFlags, ...bluetoothFlags, '--remote-debugging-port=0'] })
}

interface Fixtures {
  /** A browser of this test's own: its adapter is shared by all of its pages, and by nobody else's. */
  readonly radio: Browser
  readonly adapter: EmulatedAdapter
  /** A context of that browser, for `pages.demo({ context })`: its pages hear what devices notify. */
  readonly home: BrowserContext
}

export const test = base.extend<Fixtures>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the pattern to learn what a fixture needs
  radio: async ({}, use) => {
    const browser = await launchRadio()
    await use(browser)
    await browser.close()
  },
  adapter: async ({ radio }, use) => {
    const adapter = await EmulatedAdapter.start(radio)
    await use(adapter)
    adapter.stop()
  },
  home: async ({ radio }, use) => {
    const context = await radio.newContext()
    await pumpNotifications(context)
    await use(context)
    await context.close()
  },
})

/** Clicks the pairing button of the demo and chooses this device; undefined: closes the chooser. */
export async function pairFrom(demo: DemoPage, device: EmulatedPeripheral | undefined): Promise<void> {
  // A tab in the background gets no chooser.
  await demo.page.bringToFront()
  await Chooser.of(demo.page, device?.address)
  await demo.part('pair-bluetooth').click()
}

export { Chooser }
