import { expect, test, Chooser } from './bluetooth-test.ts'
import { uart } from './emulated-adapter.ts'
import { SketchFirmware } from './sketch-firmware.ts'
import { fromFrame, toFrame, toPacket } from '../support/plain-wire.ts'

test('the emulated sketch speaks as the real one: raw Web Bluetooth, without the library', async ({ adapter, home, pages }) => {
  const sketch = new SketchFirmware({ services: { led: (data) => `led ${data}` } })
  const device = await adapter.add(sketch.name, sketch)
  const { page } = await pages.bare({ context: home })
  await Chooser.of(page, device.address)
  await page.evaluate((ids) => {
    const heard: number[] = []
    const button = document.createElement('button')
    document.body.append(button)
    Object.assign(globalThis, { notified: heard })
    button.addEventListener('click', async () => {
      const { bluetooth } = navigator as unknown as { bluetooth: { requestDevice(options: object): Promise<any> } }
      const device = await bluetooth.requestDevice({ filters: [{ services: [ids.service] }] })
      const service = await (await device.gatt.connect()).getPrimaryService(ids.service)
      const notify = await service.getCharacteristic(ids.notify)
      notify.addEventListener('characteristicvaluechanged', () => heard.push(...new Uint8Array(notify.value.buffer)))
      await notify.startNotifications()
      Object.assign(globalThis, { uartWrite: await service.getCharacteristic(ids.write) })
    })
  }, uart)
  await page.getByRole('button').click()
  await page.waitForFunction(() => 'uartWrite' in globalThis)

  const notified = (): Promise<number[]> => page.evaluate(() => (globalThis as unknown as { notified: number[] }).notified)
  const write = (bytes: Buffer): Promise<void> =>
    page.evaluate((values) => (globalThis as unknown as { uartWrite: any }).uartWrite.writeValueWithoutResponse(Uint8Array.from(values)), [...bytes])

  await write(toFrame({ net: 3 }))
  const advert = Buffer.from('\x11ESP32-black-box-a\x00\x01', 'latin1')
  const expected = Buffer.concat([toPacket({ net: 1, src: 'ESP32-black-box-a', data: advert }), Buffer.of(0xc0)])
  expect(advert.length).toBe(20)
  await expect.poll(async () => Buffer.from((await notified()).slice(0, expected.length)).toString('hex')).toBe(expected.toString('hex'))

  // Two seconds after the subscription: a reading for whoever offers `log`.
  const reading = toPacket({ srv: 'log', src: 'ESP32-black-box-a', data: Buffer.from('53.33*F') })
  await expect.poll(async () => Buffer.from(await notified()).includes(reading)).toBe(true)

  await write(toFrame({ srv: 'led', src: 'page', dst: sketch.name, ctx: 7, data: Buffer.from('on') }))
  const answer = toPacket({ src: sketch.name, dst: 'page', ctx: 7, data: Buffer.from('led on') })
  await expect.poll(async () => Buffer.from(await notified()).includes(answer)).toBe(true)
  expect(fromFrame(answer)).toMatchObject({ src: sketch.name, dst: 'page' })
})
