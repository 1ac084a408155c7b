import { toFrame } from '../support/plain-wire.ts'
import { Chooser, expect, test } from './bluetooth-test.ts'
import { RawUart } from './raw-uart.ts'
import { SketchFirmware } from './sketch-firmware.ts'

/** Everything that was written from the first to the last write, in bytes per second. */
function rate(sketch: SketchFirmware): number {
  const [first, last] = [sketch.writes[0], sketch.writes.at(-1)]
  if (first === undefined || last === undefined) return 0
  const bytes = sketch.writes.reduce((sum, { length }) => sum + length, 0)
  return bytes / ((last.at - first.at) / 1000)
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

const bodyBytes = 200
const bodies = 300
const turns = 60

test('ALN-43 throughput and round trip over the emulated link, beside its own raw writes', async ({ adapter, home, pages, relay }) => {
  const services = { echo: (data: string) => data, sink: () => 'ok' }
  const rawSketch = new SketchFirmware({ name: 'raw', services })
  const sketch = new SketchFirmware({ name: 'meshed', services })
  const [rawDevice, device] = [await adapter.add('raw', rawSketch), await adapter.add('meshed', sketch)]

  const plain = await pages.bare({ context: home })
  await Chooser.of(plain.page, rawDevice.address)
  const raw = await RawUart.pair(plain.page)
  const rawTrips = await raw.roundTrips(toFrame({ srv: 'echo', src: 'page', dst: 'raw', ctx: 7, data: Buffer.from('hello') }), turns)
  rawSketch.writes.length = 0
  await raw.flood((bodies * bodyBytes) / 20)
  await expect.poll(() => rawSketch.writes.length).toBe((bodies * bodyBytes) / 20)

  const member = await pages.member({ relay: relay.url, name: 'Ada' }, { context: home })
  await Chooser.of(member.page, device.address)
  await member.page.evaluate(() => {
    const button = document.createElement('button')
    document.body.append(button)
    button.addEventListener('click', () => void mesh.bluetooth.pair())
  })
  await member.page.getByRole('button').click()
  await member.offers('echo', 'meshed')
  const trips = await member.page.evaluate(async (count) => {
    const took: number[] = []
    for (let index = 0; index < count; index++) {
      const started = performance.now()
      await mesh.call('echo', 'hello')
      took.push(performance.now() - started)
    }
    return took
  }, turns)
  sketch.writes.length = 0
  await member.page.evaluate(
    async ({ count, length }) => {
      // As many under way as keep the link busy, and fewer than its queue refuses.
      let left = count
      const caller = async (): Promise<void> => {
        while (left-- > 0) await mesh.call('sink', 'x'.repeat(length))
      }
      await Promise.all(Array.from({ length: 12 }, caller))
    },
    { count: bodies, length: bodyBytes },
  )

  const line = (what: string, ours: number, theirs: number, unit: string, ratio: number): string =>
    `${what}: ${ours.toFixed(ours < 100 ? 2 : 0)} ${unit} through the mesh, ${theirs.toFixed(theirs < 100 ? 2 : 0)} ${unit} raw (${ratio.toFixed(2)} ×)`
  const throughput = rate(sketch) / rate(rawSketch)
  const roundTrip = median(rawTrips) / median(trips)
  console.log(line('throughput', rate(sketch), rate(rawSketch), 'bytes/s', throughput))
  console.log(line('round trip', median(trips), median(rawTrips), 'ms', roundTrip))
  expect(throughput).toBeGreaterThan(0.5)
  expect(roundTrip).toBeGreaterThan(0.5)
})
