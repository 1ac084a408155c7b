import { expect, test } from '../support/test.ts'
import { SketchFirmware } from './sketch-firmware.ts'

// Chromium emulates no serial ports. The port is a fake of this test, in the page and with real web streams; behind it is
// the same sketch as over Bluetooth.

interface FakePort {
  readonly hear: (values: readonly number[]) => void
  readonly unplug: () => void
}

declare global {
  var fakePort: FakePort
  var serialWrite: (values: readonly number[]) => Promise<void>
  var serialOpened: (baudRate: number) => Promise<void>
}

test('ALN-43 the same sketch over a serial line: paired, called, unplugged', async ({ pages, relay, browser }) => {
  const sketch = new SketchFirmware({ services: { led: (data) => `led ${data}` } })
  const context = await browser.newContext()
  await context.exposeFunction('serialWrite', (values: readonly number[]) => sketch.received(Buffer.from(values)))
  let baud = 0
  const notified: { page?: (values: readonly number[]) => Promise<void> } = {}
  await context.exposeFunction('serialOpened', (baudRate: number) => {
    baud = baudRate
    sketch.connected({ notify: async (value) => notified.page?.([...value]) })
  })
  await context.addInitScript(() => {
    let hears: ReadableStreamDefaultController<Uint8Array> | undefined
    const port = Object.assign(new EventTarget(), {
      connected: true,
      readable: null as ReadableStream<Uint8Array> | null,
      writable: null as WritableStream<Uint8Array> | null,
      getInfo: () => ({ usbVendorId: 0x10c4 }),
      async open({ baudRate }: { baudRate: number }) {
        port.readable = new ReadableStream({ start: (controller) => void (hears = controller) })
        port.writable = new WritableStream({ write: (chunk) => serialWrite([...chunk]) })
        await serialOpened(baudRate)
      },
      async close() {
        port.readable = null
        port.writable = null
      },
      async forget() {},
    })
    globalThis.fakePort = {
      hear: (values) => hears?.enqueue(Uint8Array.from(values)),
      unplug: () => hears?.error(new DOMException('The device has been lost.', 'NetworkError')),
    }
    const serial = Object.assign(new EventTarget(), {
      requestPort: async () => {
        if (!navigator.userActivation.isActive) throw new DOMException('Must be handling a user gesture', 'SecurityError')
        return port
      },
      getPorts: async () => [],
    })
    Object.defineProperty(navigator, 'serial', { value: serial, configurable: true })
  })
  const ada = await pages.demo({ relay: relay.url, name: 'Ada', context })
  const bob = await pages.demo({ relay: relay.url, name: 'Bob' })
  notified.page = (values) => ada.page.evaluate((bytes) => fakePort.hear(bytes), values)
  await ada.online()
  await ada.part('pair-serial').click()

  await expect(ada.part('device').getByTestId('device-state')).toHaveText('connected')
  expect(baud).toBe(115_200)
  const led = bob.service(sketch.name, 'led')
  await led.getByTestId('ping').click()
  await expect(led.getByTestId('service-answer')).toHaveText(/^led hello from Bob/)
  await expect(bob.part('reading').getByTestId('reading-value')).toHaveText('53.33 °F')

  await ada.page.evaluate(() => fakePort.unplug())
  sketch.disconnected()
  await expect.poll(() => sketch.connections, { message: 'it is connected again by itself' }).toBe(2)
  await expect(ada.part('device').getByTestId('device-state')).toHaveText('connected')
  await ada.part('device-disconnect').click()
  await expect(ada.part('device')).toHaveCount(0)
  await bob.misses(sketch.name)
  sketch.disconnected()
  await context.close()
})
