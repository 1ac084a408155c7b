import { fromFrame, toFrame, toPacket } from '../support/plain-wire.ts'
import { Chooser, expect, test } from './bluetooth-test.ts'
import { RawUart } from './raw-uart.ts'
import { SketchFirmware } from './sketch-firmware.ts'

test('the emulated sketch speaks as the real one: raw Web Bluetooth, without the library', async ({ adapter, home, pages }) => {
  const sketch = new SketchFirmware({ services: { led: (data) => `led ${data}` } })
  const device = await adapter.add(sketch.name, sketch)
  const { page } = await pages.bare({ context: home })
  await Chooser.of(page, device.address)
  const raw = await RawUart.pair(page)

  await raw.write(toFrame({ net: 3 }))
  const advert = Buffer.from('\x11ESP32-black-box-a\x00\x01', 'latin1')
  expect(advert.length).toBe(20)
  const answer = Buffer.concat([toPacket({ net: 1, src: 'ESP32-black-box-a', data: advert }), Buffer.of(0xc0)])
  await expect.poll(async () => (await raw.notified()).subarray(0, answer.length).toString('hex')).toBe(answer.toString('hex'))

  // Two seconds after the subscription: a reading for whoever offers `log`.
  const reading = toPacket({ srv: 'log', src: 'ESP32-black-box-a', data: Buffer.from('53.33*F') })
  await expect.poll(async () => (await raw.notified()).includes(reading)).toBe(true)

  await raw.write(toFrame({ srv: 'led', src: 'page', dst: sketch.name, ctx: 7, data: Buffer.from('on') }))
  const reply = toPacket({ src: sketch.name, dst: 'page', ctx: 7, data: Buffer.from('led on') })
  await expect.poll(async () => (await raw.notified()).includes(reply)).toBe(true)
  expect(fromFrame(reply)).toMatchObject({ src: sketch.name, dst: 'page', ctx: 7 })
})
