import { toFrame } from '../support/plain-wire.ts'
import type { Pages } from '../support/test.ts'
import { Chooser, expect, launchRadio, test } from './bluetooth-test.ts'
import { EmulatedAdapter } from './emulated-adapter.ts'
import { pumpNotifications } from './notification-pump.ts'
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

const bodyBytes = 2_000
const bodies = 40
const turns = 60
const services = { echo: (data: string) => data, sink: () => 'ok' }
/** As long as the address of a member, so that both ways move the same bytes. */
const addressLike = `k${'a'.repeat(26)}.abcd`

async function measureRaw(pages: Pages): Promise<{ rawTrips: number[]; rawRate: number }> {
  const browser = await launchRadio()
  const context = await browser.newContext()
  await pumpNotifications(context)
  const sketch = new SketchFirmware({ name: 'meshed', services })
  const adapter = await EmulatedAdapter.start(browser)
  const device = await adapter.add('meshed', sketch)
  const { page } = await pages.bare({ context })
  await Chooser.of(page, device.address)
  const raw = await RawUart.pair(page)
  const rawTrips = await raw.roundTrips(toFrame({ srv: 'echo', src: addressLike, dst: 'meshed', ctx: 7, data: Buffer.from('hello') }), turns)
  sketch.writes.length = 0
  await raw.flood((bodies * bodyBytes) / 20)
  await expect.poll(() => sketch.writes.length).toBe((bodies * bodyBytes) / 20)
  const rawRate = rate(sketch)
  await device.fallSilent()
  adapter.stop()
  await browser.close()
  return { rawTrips, rawRate }
}

test('ALN-43 throughput and round trip over the emulated link, beside its own raw writes', async ({ adapter, home, pages, relay }) => {
  const sketch = new SketchFirmware({ name: 'meshed', services })
  const device = await adapter.add('meshed', sketch)
  // A browser for each: the emulator grows slower with everything that it has already carried.
  const { rawTrips, rawRate } = await measureRaw(pages)

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
      await Promise.all(Array.from({ length: 2 }, caller))
    },
    { count: bodies, length: bodyBytes },
  )

  const line = (what: string, ours: number, theirs: number, unit: string, ratio: number): string =>
    `${what}: ${ours.toFixed(ours < 100 ? 2 : 0)} ${unit} through the mesh, ${theirs.toFixed(theirs < 100 ? 2 : 0)} ${unit} raw (${ratio.toFixed(2)} ×)`
  const throughput = rate(sketch) / rawRate
  const roundTrip = median(rawTrips) / median(trips)
  console.log(line('throughput', rate(sketch), rawRate, 'bytes/s', throughput))
  console.log(line('round trip', median(trips), median(rawTrips), 'ms', roundTrip))
  // Timings only inform: each notification is a turn through the emulator, behind every write that it has not told yet, and
  // answers cost the more here; the raw flood has none. What must hold is that everything went through.
  expect(trips).toHaveLength(turns)
  expect(throughput).toBeGreaterThan(0)
})
