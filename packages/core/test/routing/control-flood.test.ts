import { describe, expect, it } from 'vitest'
import type { Link } from '../../src/link/link.ts'
import { ControlBudget, controlBurstMax, controlPerSecondMax } from '../../src/link/control-budget.ts'
import { TokenBucket } from '../../src/async/token-bucket.ts'
import type { ControlMessage } from '../../src/wire/control.ts'
import { RouterWorld } from './router-world.ts'

type TestRouter = ReturnType<RouterWorld['router']>

const secondsMeasured = 20

/** Packets from a to b through `hub` in the time measured, while `attack` does what it does each 10 ms. */
function throughput(attack?: (hostile: { dialer: Link; hub: TestRouter; a: TestRouter }, step: number) => void): {
  heard: number
  hub: TestRouter
  link: Link
  requests: number
} {
  const world = new RouterWorld()
  const [hub, a, b, hostile] = ['hub', 'a', 'b', 'hostile'].map((name) => world.router(name)) as [
    TestRouter,
    TestRouter,
    TestRouter,
    TestRouter,
  ]
  world.link(a, hub)
  world.link(b, hub)
  const { dialer, listener } = world.link(hostile, hub)
  world.run(3_000)
  let heard = 0
  let requests = 0
  b.registerService('count', () => void heard++)
  for (const link of hub.links()) {
    const send = link.sendControl.bind(link)
    link.sendControl = (message) => {
      if (message.type === 'request' && link !== listener) requests++
      send(message)
    }
  }
  world.run(1_000)
  for (let step = 0; step < secondsMeasured * 100; step++) {
    attack?.({ dialer, hub, a }, step)
    a.send({ service: 'count', destAddr: b.address, data: new Uint8Array(1_000) })
    world.run(10)
  }
  world.run(1_000)
  expect(a.destination(b.address)).toMatchObject({ hops: 2 })
  return { heard, hub, link: listener, requests }
}

function many(message: (at: number) => ControlMessage, count = 50): (hostile: { dialer: Link }, step: number) => void {
  return ({ dialer }, step) => {
    for (let at = 0; at < count; at++) dialer.sendControl(message(step * count + at))
  }
}

describe('a neighbour that says too much (LM)', () => {
  const undisturbed = throughput().heard

  it.each<[string, (hostile: { dialer: Link; hub: TestRouter; a: TestRouter }, step: number) => void]>([
    ['pings', many((nonce) => ({ type: 'ping', nonce, told: { hash: 1, count: 7 } }))],
    ['calls for everything', many(() => ({ type: 'refresh' }))],
    ['notices', many(() => ({ type: 'notice', code: 'CLOSED', text: 'x'.repeat(200) }))],
    ['records that are none', many(() => ({ type: 'records', records: [new Uint8Array(400), new Uint8Array(400)] }))],
    [
      'rows without end',
      many(
        (at) => ({
          type: 'routes',
          complete: false,
          entries: [{ destination: `k${String(at).padStart(26, 'a')}.wxyz`, seq48: 7, metric: 40, hops: 2 }],
        }),
        100,
      ),
    ],
  ])('a flood of %s is counted and read more slowly, the link ends, and the others keep their throughput', (_, attack) => {
    const { heard, hub, link } = throughput(attack)
    expect(heard).toBeGreaterThanOrEqual(undisturbed * 0.95)
    expect(hub.faults.get('CONTROL_FLOOD')).toBeGreaterThan(0)
    expect(link.phase).toBe('closed')
  })

  it('questions beyond a budget are dropped: one that asks for ever greater numbers makes nobody else work', () => {
    const { heard, hub, requests } = throughput(({ dialer, a }, step) => {
      for (let at = 0; at < 5; at++)
        dialer.sendControl({ type: 'request', destination: a.address, seq48: 2 ** 47 + step * 5 + at, hops: 64 })
    })
    expect(heard).toBeGreaterThanOrEqual(undisturbed * 0.95)
    expect(hub.faults.get('CONTROL_FLOOD')).toBeGreaterThan(0)
    expect(requests).toBeLessThanOrEqual(1_024 + 25 * (secondsMeasured + 2))
  })

  it('10 000 rows at cost 1, or with numbers that nobody signed, change no route and are forgotten', () => {
    const { heard, hub } = throughput(({ dialer, hub: there, a }, step) => {
      if (step > 3) return
      const nobody = Array.from({ length: 2_500 }, (_, at) => ({
        destination: `k${String(at + step * 2_500).padStart(26, 'b')}.wxyz`,
        seq48: 7,
        metric: step % 2 ? 1 : 40,
        hops: 2,
      }))
      const known = [a.address].map((destination) => ({
        destination,
        seq48: there.origin(destination)!.selected!.seq48 + 1_000,
        metric: 16,
        hops: 1,
      }))
      dialer.sendControl({ type: 'routes', complete: false, entries: [...nobody, ...known] })
    })
    expect(heard).toBeGreaterThanOrEqual(undisturbed * 0.95)
    expect(hub.faults.get('IMPLAUSIBLE')).toBe(5_000)
    expect(hub.routes()).toHaveLength(3)
  })

  it('a large network boots, and a newcomer to it, without anybody being read more slowly', () => {
    const world = new RouterWorld()
    const hubs = Array.from({ length: 3 }, (_, at) => world.router(`hub${at}`, 'relay'))
    for (const [at, hub] of hubs.entries()) world.link(hub, hubs[(at + 1) % 3]!)
    const routers = Array.from({ length: 240 }, (_, at) => world.router(`n${at}`))
    for (const [at, router] of routers.entries()) world.link(router, hubs[at % 3]!)
    world.run(10_000)
    const newcomer = world.router('newcomer')
    world.link(newcomer, hubs[0]!)
    world.run(3_000)
    expect(newcomer.routes()).toHaveLength(243)
    for (const link of hubs[1]!.links()) link.close('the relay goes')
    world.run(5_000)
    for (const router of [...hubs, ...routers, newcomer]) expect(router.faults.get('CONTROL_FLOOD')).toBeUndefined()
  })
})

describe('rates', () => {
  it('a bucket gives its burst at once and then its rate; what is owed takes its time', () => {
    const bucket = new TokenBucket(10, 20, 0)
    expect(bucket.take(20, 0)).toBe(true)
    expect(bucket.take(1, 50)).toBe(false)
    expect(bucket.take(1, 100)).toBe(true)
    expect(bucket.owe(5, 100)).toBe(500)
    expect(bucket.owe(0, 700)).toBe(0)
  })

  it('50 messages a second and 200 at once are free', () => {
    const budget = new ControlBudget(0)
    const ping: ControlMessage = { type: 'ping', nonce: 1, told: { hash: 0, count: 0 } }
    for (let said = 0; said < controlBurstMax; said++) expect(budget.spend(ping, 0, 0)).toBe(0)
    expect(budget.spend(ping, 0, 0)).toBe(1_000 / controlPerSecondMax)
    for (let now = 1_000; now < 60_000; now += 1_000 / controlPerSecondMax) expect(budget.spend(ping, 0, now)).toBe(0)
  })
})
