import type { BarePage } from '../support/bare-page.ts'
import { toFrame } from '../support/plain-wire.ts'
import { Chooser, expect, test } from './bluetooth-test.ts'
import type { EmulatedPeripheral } from './emulated-adapter.ts'
import { RawUart } from './raw-uart.ts'
import { SketchFirmware } from './sketch-firmware.ts'

// Each number is taken from the library and from raw Web Bluetooth by turns, in one browser, and the same bytes cross the
// emulated link both times: what differs is the library. The median of the rounds' ratios is told, and how far they spread.

const rounds = 7
const trips = 20
const bodies = 30
const bodyBytes = 2_000
/** As many calls at once as the link's queue takes. */
const underway = 7
const readings = 150
const readingBytes = 200
const services = { echo: (data: string) => data, sink: () => 'ok' }
/** As long as the address of a member. */
const addressLike = `k${'a'.repeat(26)}.abcd`

interface Side {
  readonly sketch: SketchFirmware
  readonly device: EmulatedPeripheral
}

interface Bench {
  readonly ours: Side & { readonly member: BarePage }
  readonly raw: Side & { readonly uart: RawUart }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** What was written to it while this went on and until so many packets have come, in bytes, and bytes per second from the first write to the last. */
async function written({ sketch, device }: Side, packets: number, act: () => Promise<unknown>): Promise<{ rate: number; bytes: number }> {
  sketch.writes.length = 0
  sketch.heard.length = 0
  await act()
  // Writes without response are told to the device later than to the page.
  await expect.poll(() => sketch.heard.filter(({ srv }) => srv !== undefined).length).toBe(packets)
  await expect.poll(() => device.waitingBytes).toBe(0)
  const [first, last] = [sketch.writes[0], sketch.writes.at(-1)]
  const bytes = sketch.writes.reduce((sum, { length }) => sum + length, 0)
  return { bytes, rate: first && last ? bytes / ((last.at - first.at) / 1000) : Number.NaN }
}

function callSink({ member }: Bench['ours']): Promise<void> {
  return member.page.evaluate(
    async ({ count, length, atOnce }) => {
      let left = count
      const caller = async (): Promise<void> => {
        while (left-- > 0) await mesh.call('sink', 'x'.repeat(length))
      }
      await Promise.all(Array.from({ length: atOnce }, caller))
    },
    { count: bodies, length: bodyBytes, atOnce: underway },
  )
}

async function upstream({ ours, raw }: Bench): Promise<[number, number]> {
  const through = await written(ours, bodies, () => callSink(ours))
  const frame = toFrame({ srv: 'sink', src: addressLike, dst: 'raw', ctx: 7, data: Buffer.alloc(bodyBytes, 'x') })
  const frames = Buffer.concat(Array.from({ length: bodies }, () => frame))
  const beside = await written(raw, bodies, () => raw.uart.flood(frames))
  // The library may say a little of its own in between.
  expect(through.bytes / beside.bytes).toBeGreaterThan(0.95)
  expect(through.bytes / beside.bytes).toBeLessThan(1.05)
  return [through.rate, beside.rate]
}

async function downstream({ ours, raw }: Bench): Promise<[number, number]> {
  const say = ({ sketch }: Side): number => {
    const packet = { srv: 'flood', src: sketch.name, data: Buffer.alloc(readingBytes, 'x') }
    for (let index = 0; index < readings; index++) sketch.send(packet)
    return toFrame(packet).length * readings
  }
  const heard = ours.member.page.evaluate(
    (count) =>
      new Promise<number>((resolve) => {
        let [times, started] = [0, 0]
        const registration = mesh.services.register('flood', () => {
          if (times === 0) started = performance.now()
          times += 1
          if (times < count) return
          registration.close()
          resolve(performance.now() - started)
        })
      }),
    readings,
  )
  await ours.member.page.evaluate(() => {})
  const bytes = say(ours)
  const oursMs = await heard
  const hears = raw.uart.hears(bytes)
  await raw.uart.page.evaluate(() => {})
  say(raw)
  const rawMs = await hears
  return [bytes / (oursMs / 1000), bytes / (rawMs / 1000)]
}

async function roundTrip({ ours, raw }: Bench): Promise<[number, number]> {
  const took = await ours.member.page.evaluate(async (count) => {
    const each: number[] = []
    for (let index = 0; index < count; index++) {
      const started = performance.now()
      await mesh.call('echo', 'hello')
      each.push(performance.now() - started)
    }
    return each
  }, trips)
  const question = toFrame({ srv: 'echo', src: addressLike, dst: 'raw', ctx: 7, data: Buffer.from('hello') })
  return [median(took), median(await raw.uart.roundTrips(question, trips))]
}

/** By turns, so that whatever else the machine does meets both. */
async function measure(
  what: string,
  unit: string,
  round: () => Promise<[number, number]>,
  ratioOf: (ours: number, raw: number) => number,
): Promise<number> {
  const results: [number, number][] = []
  for (let index = 0; index < rounds; index++) results.push(await round())
  const shown = (values: readonly number[]): string => median(values).toFixed(median(values) < 100 ? 2 : 0)
  const ratios = results.map(([ours, raw]) => ratioOf(ours, raw))
  const spread = `${Math.min(...ratios).toFixed(2)}…${Math.max(...ratios).toFixed(2)}`
  const [ours, raw] = [results.map(([value]) => value), results.map(([, value]) => value)]
  console.log(
    `${what}: ${shown(ours)} ${unit} through the mesh, ${shown(raw)} ${unit} raw: ${median(ratios).toFixed(2)} × (${rounds} rounds: ${spread})`,
  )
  return median(ratios)
}

test('ALN-43 throughput and round trip over the emulated link, beside its own raw writes', async ({ adapter, home, pages, relay }) => {
  test.setTimeout(240_000)
  const side = async (name: string): Promise<Side> => {
    const sketch = new SketchFirmware({ name, services })
    return { sketch, device: await adapter.add(name, sketch) }
  }
  const [ourSide, rawSide] = [await side('our'), await side('raw')]
  const member = await pages.member({ relay: relay.url, name: 'Ada' }, { context: home })
  await Chooser.of(member.page, ourSide.device.address)
  await member.page.evaluate(() => {
    const button = document.createElement('button')
    document.body.append(button)
    button.addEventListener('click', () => void mesh.bluetooth.pair())
  })
  await member.page.getByRole('button').click()
  await member.offers('sink', 'our')
  await member.offers('echo', 'our')
  const { page } = await pages.bare({ context: home })
  await Chooser.of(page, rawSide.device.address)
  const bench: Bench = { ours: { ...ourSide, member }, raw: { ...rawSide, uart: await RawUart.pair(page) } }

  const faster = (ours: number, raw: number): number => ours / raw
  const up = await measure('throughput to the device', 'bytes/s', () => upstream(bench), faster)
  const down = await measure('throughput from the device', 'bytes/s', () => downstream(bench), faster)
  const trip = await measure(
    'round trip',
    'ms',
    () => roundTrip(bench),
    (ours, raw) => raw / ours,
  )
  // Timings only inform. What must hold is that everything went through.
  for (const ratio of [up, down, trip]) expect(ratio).toBeGreaterThan(0)
})
