import type { BrowserContext } from '@playwright/test'
import type { DemoPage } from '../support/demo-page.ts'
import type { Pages } from '../support/test.ts'
import { withoutDirectLinks } from '../support/without-direct-links.ts'
import { expect, pairFrom, test } from './bluetooth-test.ts'
import type { EmulatedAdapter, EmulatedPeripheral } from './emulated-adapter.ts'
import { SketchFirmware } from './sketch-firmware.ts'

interface World {
  readonly ada: DemoPage
  readonly bob: DemoPage
  readonly sketch: SketchFirmware
  readonly device: EmulatedPeripheral
}

/** Ada has the radio; Bob is somewhere else, and only a relay leads to him. */
async function world(
  parts: { adapter: EmulatedAdapter; home: BrowserContext; pages: Pages; relay: { url: string } },
  sketch: SketchFirmware,
): Promise<World> {
  const { adapter, home, pages, relay } = parts
  await withoutDirectLinks(home)
  const device = await adapter.add(sketch.name, sketch)
  const ada = await pages.demo({ relay: relay.url, name: 'Ada', context: home })
  const bob = await pages.demo({ relay: relay.url, name: 'Bob' })
  await expect(ada.member('Bob')).toBeVisible()
  await expect(bob.member('Ada')).toBeVisible()
  return { ada, bob, sketch, device }
}

function state(demo: DemoPage): ReturnType<DemoPage['part']> {
  return demo.part('device').getByTestId('device-state')
}

const plot = (demo: DemoPage, source: string): ReturnType<DemoPage['part']> =>
  demo.page.locator(`[data-testid=reading][data-source="${source}"]`)

test('ALN-43 ALN-33 ALN-49 a sensor that one tab has paired is called from another through a relay, and its readings are drawn in both', async ({
  adapter,
  home,
  pages,
  relay,
}) => {
  // Answers of 192 and 219 bytes have an END (hex C0) and an ESC (hex DB) in their length, and the sketch escapes nothing.
  const sketch = new SketchFirmware({
    readings: ['53.33*F', '54.00*F', '52.50*F'],
    repeats: false,
    services: { led: (data) => `led ${data}`.padEnd(192, '.'), fan: (data) => `fan ${data}`.padEnd(219, '.') },
    cuts: [1, 20, 3, 7, 20, 13],
  })
  const { ada, bob, device } = await world({ adapter, home, pages, relay }, sketch)
  await pairFrom(ada, device)

  await expect(ada.part('pair-note')).toHaveText('ESP32-black-box-a is in the mesh.')
  await expect(state(ada)).toHaveText('connected')
  await expect(ada.member(sketch.name).getByTestId('member-facts')).toContainText('device of this page · 1 hop')
  await expect(ada.page.locator(`[data-testid=picture-node][data-address="${sketch.name}"].device`)).toBeVisible()
  await expect(bob.member(sketch.name).getByTestId('member-facts')).toContainText('plain ALN node · 3 hops')
  await expect(bob.page.locator(`[data-testid=picture-node][data-address="${sketch.name}"].plain`)).toBeVisible()

  for (const service of ['led', 'fan']) {
    const row = bob.service(sketch.name, service)
    await row.getByTestId('ping').click()
    await expect(row.getByTestId('service-answer')).toHaveText(new RegExp(`^${service} hello from Bob\\.{170}`))
  }

  for (const page of [ada, bob]) {
    const row = plot(page, sketch.name)
    await expect(row).toHaveAttribute('data-count', '3')
    await expect(row.getByTestId('reading-value')).toHaveText('52.5 °F')
    await expect(row.getByTestId('reading-source')).toHaveText('from ESP32-black-box-a')
    expect((await row.locator('polyline').getAttribute('points'))?.split(' ')).toHaveLength(3)
  }
  expect(Math.max(...sketch.writes.map(({ length }) => length)), 'no write is longer than what the device takes').toBeLessThanOrEqual(20)
})

test('ALN-43 a sensor that is lost vanishes from every list, and comes back by itself', async ({ adapter, home, pages, relay }) => {
  const { ada, bob, device, sketch } = await world(
    { adapter, home, pages, relay },
    new SketchFirmware({ services: { led: (data) => `led ${data}` } }),
  )
  await pairFrom(ada, device)
  await expect(bob.service(sketch.name, 'led')).toBeVisible()

  await device.lose()
  await expect(state(ada)).toHaveText(/trying again|connecting/)
  await ada.misses(sketch.name)
  await bob.misses(sketch.name)
  await expect(bob.service(sketch.name, 'led')).toHaveCount(0)

  device.comeBack()
  await expect(state(ada)).toHaveText('connected')
  const led = bob.service(sketch.name, 'led')
  await led.getByTestId('ping').click()
  await expect(led.getByTestId('service-answer')).toHaveText(/^led hello from Bob/)
  expect(sketch.connections).toBe(2)
})

test('ALN-43 a sensor that is lost in the middle of a packet begins a new one when it is back', async ({ adapter, home, pages, relay }) => {
  const { ada, bob, device, sketch } = await world({ adapter, home, pages, relay }, new SketchFirmware())
  await pairFrom(ada, device)
  await expect(bob.member(sketch.name)).toBeVisible()
  sketch.writeHalf({ srv: 'log', src: sketch.name, data: Buffer.from('11.11*F') })
  await expect.poll(() => device.waitingBytes).toBe(0)
  await device.lose()
  await bob.misses(sketch.name)
  device.comeBack()
  await expect(state(ada)).toHaveText('connected')
  const before = Number(
    (await plot(bob, sketch.name)
      .getAttribute('data-count')
      .catch(() => '0')) ?? '0',
  )
  await expect.poll(async () => Number(await plot(bob, sketch.name).getAttribute('data-count'))).toBeGreaterThan(before)
  await expect(plot(bob, sketch.name)).not.toContainText('11.11')
})

test('ALN-43 a sensor goes when its tab asks it to, and when its tab goes', async ({ adapter, home, pages, radio, relay }) => {
  const { ada, bob, device, sketch } = await world({ adapter, home, pages, relay }, new SketchFirmware())
  await pairFrom(ada, device)
  await expect(bob.member(sketch.name)).toBeVisible()
  await ada.part('device-disconnect').click()
  await expect(ada.part('device')).toHaveCount(0)
  await ada.misses(sketch.name)
  await bob.misses(sketch.name)

  await ada.part('pair-bluetooth').click()
  await expect(bob.member(sketch.name).and(bob.page.locator('[data-state=active]'))).toBeVisible()
  await device.fallSilent()
  await ada.page.close()
  await bob.misses(sketch.name)
  expect(radio.isConnected(), 'only the tab has gone, not its browser').toBe(true)
})

test('ALN-43 a chooser that is dismissed is told in words, and nothing else happens', async ({ adapter, home, pages, relay }) => {
  const { ada } = await world({ adapter, home, pages, relay }, new SketchFirmware())
  await pairFrom(ada, undefined)
  await expect(ada.part('pair-note')).toHaveText('No device was chosen. Press the button again whenever you like.')
  await expect(ada.part('device')).toHaveCount(0)
  await expect(ada.part('pair-bluetooth')).toBeEnabled()
})

test('ALN-43 a browser without Web Bluetooth says so in words', async ({ pages, relay }) => {
  const ada = await pages.demo({ relay: relay.url, name: 'Ada' })
  await ada.online()
  await expect(ada.part('no-bluetooth')).toContainText('This browser has no Web Bluetooth.')
  await expect(ada.part('pair-bluetooth')).toHaveCount(0)
  const refusal = ada.page.evaluate(() => globalThis.hopmesh.mesh.bluetooth.pair().then(String, (error: { code: string }) => error.code))
  expect(await refusal).toBe('NO_BLUETOOTH')
})
