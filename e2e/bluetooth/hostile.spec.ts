import { PlainPeer } from '../support/plain-peer.ts'
import { toPacket } from '../support/plain-wire.ts'
import { Chooser, expect, pairFrom, test } from './bluetooth-test.ts'
import { SketchFirmware } from './sketch-firmware.ts'

/** The same noise in every run. */
function noise(length: number): Buffer {
  let state = 7
  return Buffer.from(Array.from({ length }, () => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) >>> 24))
}

test('ALN-33 ALN-43 noise between the packets of a sensor does not keep its readings away', async ({ adapter, home, pages, relay }) => {
  const sketch = new SketchFirmware({ readings: ['20.00*C', '21.00*C', '22.00*C'] })
  const device = await adapter.add(sketch.name, sketch)
  const ada = await pages.demo({ relay: relay.url, name: 'Ada', context: home })
  await ada.online()
  await pairFrom(ada, device)
  await expect(ada.member(sketch.name)).toBeVisible()
  sketch.write(noise(300))
  const row = ada.part('reading')
  await expect(row).toHaveAttribute('data-count', /^[1-9]/)
  sketch.write(Buffer.concat([noise(200), Buffer.of(0xc0, 0xc0, 0xdb), noise(50)]))
  await expect(row.getByTestId('reading-value')).toHaveText('22 °C')
})

test('ALN-33 ALN-43 a frame without an end is cut off, and the page and its other sensor go on', async ({
  adapter,
  home,
  pages,
  relay,
}) => {
  const endless = new SketchFirmware({ name: 'endless' })
  const honest = new SketchFirmware({ name: 'honest', readings: ['1.00*V', '2.00*V'] })
  const [first, second] = [await adapter.add(endless.name, endless), await adapter.add(honest.name, honest)]
  const ada = await pages.demo({ relay: relay.url, name: 'Ada', context: home })
  await ada.online()
  const chooser = await Chooser.of(ada.page, first.address)
  await ada.part('pair-bluetooth').click()
  await expect(ada.member('endless')).toBeVisible()
  chooser.willChoose(second.address)
  await ada.part('pair-bluetooth').click()
  await expect(ada.member('honest')).toBeVisible()

  // A packet that announces 65 535 bytes, and then goes on for ever without an END.
  const head = toPacket({ srv: 'log', src: 'endless', data: Buffer.alloc(0) })
  head.writeUInt16BE(0xffff, head.length - 2)
  endless.writeLong(Buffer.concat([head, Buffer.alloc(400_000, 0x2e)]))
  await expect.poll(() => first.waitingBytes).toBe(0)

  const before = Number(await ada.page.locator('[data-source=honest]').getAttribute('data-count'))
  await expect.poll(async () => Number(await ada.page.locator('[data-source=honest]').getAttribute('data-count'))).toBeGreaterThan(before)
  await expect(ada.part('state')).toHaveText('online')
  await expect(ada.page.locator('[data-source=endless] [data-testid=reading-value]').getByText('....')).toHaveCount(0)
})

test('a device that gives itself the address of a member is refused, and the member keeps it', async ({ adapter, home, pages, relay }) => {
  const ada = await pages.demo({ relay: relay.url, name: 'Ada', context: home })
  const bob = await pages.demo({ relay: relay.url, name: 'Bob' })
  await expect(ada.member('Bob')).toBeVisible()
  const sketch = new SketchFirmware({ name: await bob.address() })
  await pairFrom(ada, await adapter.add('a liar', sketch))

  await expect(ada.part('pair-note')).toContainText('gives itself an address that only members have')
  await expect(ada.part('device')).toHaveCount(0)
  await ada.service('Bob').getByTestId('ping').click()
  await expect(ada.service('Bob').getByTestId('service-answer')).toHaveText(/^pong from Bob/)
})

test('a device that gives itself the address of another plain node is refused, and that node keeps it', async ({
  adapter,
  home,
  pages,
  relay,
}) => {
  const thermometer = await new PlainPeer('thermometer').offer('temperature', () => '21 degrees').connectTcp(relay.tcpPort)
  const ada = await pages.demo({ relay: relay.url, name: 'Ada', context: home })
  await expect(ada.service('thermometer', 'temperature')).toBeVisible()
  const sketch = new SketchFirmware({ name: 'thermometer', services: { temperature: () => 'lies' } })
  await pairFrom(ada, await adapter.add('a liar', sketch))

  await expect(ada.part('pair-note')).toContainText('the address of a node that is already here')
  await expect(ada.part('device')).toHaveCount(0)
  const row = ada.service('thermometer', 'temperature')
  await row.getByTestId('ping').click()
  await expect(row.getByTestId('service-answer')).toHaveText(/^21 degrees/)
  thermometer.close()
})

test('a device that connects and speaks nothing of ALN is told in words', async ({ adapter, home, pages, relay }) => {
  const ada = await pages.demo({ relay: relay.url, name: 'Ada', context: home })
  await ada.online()
  const mute = { connected: () => {}, received: () => {}, disconnected: () => {} }
  await pairFrom(ada, await adapter.add('a mute', mute))
  await expect(ada.part('pair-note')).toContainText('never said its address')
  await expect(ada.part('device')).toHaveCount(0)
})

test('two tabs that want the same device: one has it, the other is told, and both see it', async ({ adapter, home, pages, relay }) => {
  const sketch = new SketchFirmware({ services: { led: (data) => `led ${data}` } })
  const device = await adapter.add(sketch.name, sketch)
  const ada = await pages.demo({ relay: relay.url, name: 'Ada', context: home })
  const eve = await pages.demo({ relay: relay.url, name: 'Eve', context: home })
  await ada.online()
  await pairFrom(ada, device)
  await expect(eve.service(sketch.name, 'led')).toBeVisible()
  await pairFrom(eve, device)
  await expect(eve.part('pair-note')).toContainText(/already here|could not be reached/)
  await expect(eve.part('device')).toHaveCount(0)
  await expect(ada.part('device').getByTestId('device-state')).toHaveText('connected')
  const led = eve.service(sketch.name, 'led')
  await led.getByTestId('ping').click()
  await expect(led.getByTestId('service-answer')).toHaveText(/^led hello from Eve/)
})
