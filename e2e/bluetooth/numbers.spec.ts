import type { BarePage } from '../support/bare-page.ts'
import { toFrame } from '../support/plain-wire.ts'
import { Chooser, expect, test } from './bluetooth-test.ts'
import type { EmulatedPeripheral } from './emulated-adapter.ts'
import { RawUart } from './raw-uart.ts'
import { SketchFirmware } from './sketch-firmware.ts'

// Each number is taken from the library and from raw Web Bluetooth by turns, in one browser, and the same bytes cross the
// emulated link both times: what differs is the library. Medians are told, and how far the rounds spread.

const rounds = 9
const trips = 15
const bodies = 20
const bodyBytes = 2_000
const readings = 60
const readingBytes = 200
const services = { echo: (data: string) => data, sink: () => undefined }
/** As long as the address of a member. */
const addressLike = `k${'a'.repeat(26)}.abcd`

declare global {
  /** On the member's page: called at each reading. */
  var flooded: () => void
  /** No answer is waited for any more. */
  var sunk: () => void
  /** Milliseconds from the first reading of a round to the last. */
  var floodMs: Promise<number>
}

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

/** What was written to it while this went on and until so many packets have come, in bytes of theirs, and bytes per second from the first write to the last. */
async function written({ sketch, device }: Side, packets: number, act: () => Promise<unknown>): Promise<{ rate: number; bytes: number }> {
  sketch.writes.length = 0
  sketch.heard.length = 0
  await act()
  // Writes without response are told to the device later than to the page.
  await expect.poll(() => sketch.heard.filter(({ srv }) => srv !== undefined).length).toBe(packets)
  await expect.poll(() => device.waitingBytes).toBe(0)
  const [first, last] = [sketch.writes[0], sketch.writes.at(-1)]
  const bytes = sketch.writes.reduce((sum, { length }) => sum + length, 0)
  // The library says a little of its own now and then: the more, the longer it took.
  const own = sketch.heard.filter(({ srv }) => srv === undefined).reduce((sum, packet) => sum + toFrame(packet).length, 0)
  return { bytes: bytes - own, rate: first && last ? bytes / ((last.at - first.at) / 1000) : Number.NaN }
}

/** Calls that are never answered, as many as the link's queue takes at a time; `sunk` gives them up. */
function callSink({ member }: Bench['ours']): Promise<void> {
  return member.page.evaluate(
    async ({ count, body }) => {
      const controller = new AbortController()
      globalThis.sunk = () => controller.abort()
      for (let sent = 0; sent < count;) {
        const refused = mesh.call('sink', body, { signal: controller.signal }).catch((error: { code: string }) => error.code)
        const later = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 0))
        const outcome = await Promise.race([refused, later])
        if (outcome === undefined) sent += 1
        else if (outcome !== 'QUEUE_FULL') throw new Error('a call was answered, or refused for another reason')
        await later
      }
    },
    { count: bodies, body: 'x'.repeat(bodyBytes) },
  )
}

async function upstream({ ours, raw }: Bench): Promise<[number, number]> {
  const through = await written(ours, bodies, () => callSink(ours))
  await ours.member.page.evaluate(() => sunk())
  const frame = toFrame({ srv: 'sink', src: addressLike, dst: 'raw', ctx: 7, data: Buffer.alloc(bodyBytes, 'x') })
  const frames = Buffer.concat(Array.from({ length: bodies }, () => frame))
  const beside = await written(raw, bodies, () => raw.uart.flood(frames))
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
  await ours.member.page.evaluate((count) => {
    globalThis.floodMs = new Promise((resolve) => {
      const times: number[] = []
      globalThis.flooded = () => {
        if (times.push(performance.now()) === count) resolve(times[count - 1]! - times[0]!)
      }
    })
  }, readings)
  const bytes = say(ours)
  const oursMs = await ours.member.page.evaluate(() => floodMs)
  const hears = raw.uart.hears(bytes)
  await raw.uart.page.evaluate(() => {})
  say(raw)
  const rawMs = await hears
  // The library tells of a reading when all of it is there: the first one is where its time begins.
  return [(bytes * (readings - 1)) / readings / (oursMs / 1000), bytes / (rawMs / 1000)]
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

/** By turns, so that whatever else the machine does meets both. Returns the ratio of the two medians. */
async function measure(
  what: string,
  unit: string,
  round: () => Promise<[number, number]>,
  ratioOf: (ours: number, raw: number) => number,
): Promise<number> {
  const results: [number, number][] = []
  for (let index = 0; index < rounds; index++) results.push(await round())
  const [ours, raw] = [median(results.map(([value]) => value)), median(results.map(([, value]) => value))]
  const shown = (value: number): string => value.toFixed(value < 100 ? 2 : 0)
  const each = results.map(([own, other]) => ratioOf(own, other)).sort((a, b) => a - b)
  const [low, high] = [each[Math.floor(each.length / 4)], each[Math.floor((each.length * 3) / 4)]]
  const ratio = ratioOf(ours, raw)
  const noise = `half of ${rounds} rounds between ${low?.toFixed(2)} and ${high?.toFixed(2)}`
  console.log(`${what}: ${shown(ours)} ${unit} through the mesh, ${shown(raw)} ${unit} raw: ${ratio.toFixed(2)} × (${noise})`)
  return ratio
}

test('ALN-43 throughput and round trip over the emulated link, beside its own raw writes', async ({ adapter, home, pages, relay }) => {
  test.setTimeout(900_000)
  const side = async (name: string): Promise<Side> => {
    const sketch = new SketchFirmware({ name, services })
    return { sketch, device: await adapter.add(name, sketch) }
  }
  const [ourSide, rawSide] = [await side('our'), await side('raw')]
  const member = await pages.member({ relay: relay.url, name: 'Ada' }, { context: home })
  await Chooser.of(member.page, ourSide.device.address)
  await member.page.evaluate(() => {
    mesh.services.register('flood', () => void flooded())
    // The readings of every two seconds are for somebody, too.
    mesh.services.register('log', () => {})
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
