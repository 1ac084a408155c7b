import type { BrowserContext } from '@playwright/test'
import type { DemoPage } from '../support/demo-page.ts'
import type { Pages } from '../support/test.ts'
import { expect, pairFrom, test } from './bluetooth-test.ts'
import { SketchFirmware } from './sketch-firmware.ts'

function state(demo: DemoPage): ReturnType<DemoPage['part']> {
  return demo.part('device').getByTestId('device-state')
}

/** Chromium's emulated adapter goes with the last page that uses it: this one stays. */
async function keepAdapter(pages: Pages, home: BrowserContext): Promise<void> {
  const { page } = await pages.bare({ context: home })
  await page.evaluate(() => (navigator as unknown as { bluetooth: { getAvailability(): Promise<boolean> } }).bluetooth.getAvailability())
}

test('ALN-43 a sensor is back by itself when its tab is loaded again, until it is asked to go', async ({ adapter, home, pages, relay }) => {
  const sketch = new SketchFirmware({ services: { led: (data) => `led ${data}` } })
  const device = await adapter.add(sketch.name, sketch)
  await keepAdapter(pages, home)
  const ada = await pages.demo({ relay: relay.url, name: 'Ada', context: home })
  const bob = await pages.demo({ relay: relay.url, name: 'Bob' })
  await ada.online()
  await pairFrom(ada, device)
  await expect(state(ada)).toHaveText('connected')

  await device.fallSilent()
  await ada.page.reload()
  await expect(state(ada), 'nobody has clicked').toHaveText('connected')
  expect(sketch.connections).toBe(2)
  await expect(ada.part('device-name')).toHaveText(sketch.name)
  const led = bob.service(sketch.name, 'led')
  await led.getByTestId('ping').click()
  await expect(led.getByTestId('service-answer')).toHaveText(/^led hello from Bob/)

  await device.fallSilent()
  await ada.part('device-disconnect').click()
  await bob.misses(sketch.name)
  await expect(ada.part('device')).toHaveCount(0)
  // What a page remembers is its origin's, so a tab opened now shows it. Loading this one again crashes the emulator now and then.
  const later = await pages.demo({ relay: relay.url, name: 'Ada later', context: home })
  await later.online()
  expect(
    await later.page.evaluate(() => (navigator as unknown as { bluetooth: { getDevices(): Promise<unknown[]> } }).bluetooth.getDevices()),
  ).toEqual([])
  await expect(later.part('device')).toHaveCount(0)
})

test('ALN-43 a sensor that the browser remembers and does not hear yet is connected as soon as it advertises', async ({
  adapter,
  home,
  pages,
  relay,
}) => {
  const sketch = new SketchFirmware()
  const device = await adapter.add(sketch.name, sketch)
  const ada = await pages.demo({ relay: relay.url, name: 'Ada', context: home })
  const bob = await pages.demo({ relay: relay.url, name: 'Bob' })
  await ada.online()
  await pairFrom(ada, device)
  await expect(bob.member(sketch.name)).toBeVisible()

  await device.fallSilent()
  await ada.page.goto('about:blank')
  await adapter.restart()
  await ada.page.goBack()
  await expect(state(ada)).toHaveText(/trying again|connecting/)
  await bob.misses(sketch.name)
  await expect(async () => {
    await device.advertise()
    await expect(state(ada)).toHaveText('connected', { timeout: 5_000 })
  }).toPass()
  await expect(bob.member(sketch.name).and(bob.page.locator('[data-state=active]'))).toBeVisible()
})

test('ALN-43 a sensor of a tab that is closed goes over to another tab of the same person', async ({ adapter, home, pages, relay }) => {
  const sketch = new SketchFirmware()
  const device = await adapter.add(sketch.name, sketch)
  const ada = await pages.demo({ relay: relay.url, name: 'Ada', context: home })
  await ada.online()
  await pairFrom(ada, device)
  await expect(state(ada)).toHaveText('connected')
  const eve = await pages.demo({ relay: relay.url, name: 'Eve', context: home })
  await expect(state(eve)).toHaveText('trying again …')
  await expect(state(eve)).toHaveAttribute('title', /another tab of this site/)
  await expect(state(ada)).toHaveText('connected')

  await device.fallSilent()
  await ada.page.close()
  await expect(state(eve)).toHaveText('connected')
  await expect(eve.member(sketch.name).getByTestId('member-facts')).toContainText('device of this page')
})
