import { describe, expect, it } from 'vitest'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import type { Channel } from '../../src/channel/channel.ts'
import { DigestWatch } from '../../src/routing/exchange/digest-watch.ts'
import { RouterWorld } from './router-world.ts'

type TestRouter = ReturnType<RouterWorld['router']>

/** x and y behind `near`, whose only other neighbour is `far`. */
function line(seed = 7) {
  const world = new RouterWorld({ seed })
  const [x, y, near, far] = ['x', 'y', 'near', 'far'].map((name) => world.router(name)) as [TestRouter, TestRouter, TestRouter, TestRouter]
  world.link(x, near)
  world.link(y, near)
  const { dialer, listener } = world.link(near, far)
  world.run(3_000)
  return { world, x, y, near, far, dialer, listener }
}

describe('ALN-28 hard state with a digest (R10)', () => {
  it('R10 a withdrawal that was never meant is made good, and a route that was never told goes, without periodic dumps', () => {
    const { world, x, y, near, far, dialer } = line()
    world.run(30_000)
    expect(far.faults.get('ROUTES_DIFFER')).toBeUndefined()
    const { seq48, metric, hops } = { metric: 48, hops: 1, seq48: near.origin(x.address)!.selected!.seq48 }
    dialer.sendControl({ type: 'routes', complete: false, entries: [{ destination: x.address, seq48, metric: 65_535, hops: 0 }] })
    world.run(1_000)
    expect(far.destination(x.address)).toBeUndefined()
    world.run(25_000)
    expect(far.destination(x.address)).toMatchObject({ hops: 2 })
    expect(far.faults.get('ROUTES_DIFFER')).toBe(1)
    dialer.sendControl({ type: 'routes', complete: false, entries: [{ destination: y.address, seq48: seq48 + 1, metric, hops }] })
    for (const link of near.links()) if (link.peer?.address === y.address) link.close('gone')
    world.run(60_000)
    expect(far.destination(y.address)).toBeUndefined()
    expect(far.destination(x.address)).toMatchObject({ hops: 2 })
  })

  it('R10 one difference is no reason to ask, two in a row are; a dump that does not help is asked for less and less often', () => {
    const watch = new DigestWatch()
    const [told, other] = [
      { hash: 7, count: 2 },
      { hash: 8, count: 2 },
    ]
    expect(watch.compare(told, other, 0)).toBe(false)
    expect(watch.compare(told, told, 5_000)).toBe(false)
    expect(watch.compare(told, other, 10_000)).toBe(false)
    const asked: number[] = []
    for (let now = 15_000; now < 3_600_000; now += 5_000) if (watch.compare(told, other, now)) asked.push(now)
    expect(asked.slice(0, 3)).toEqual([15_000, 25_000, 35_000])
    expect(asked.length).toBeLessThan(15)
  })

  it('R10 digests agree all the time while routes come, go and move, whatever the order', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const world = new RouterWorld({ seed })
      const routers = Array.from({ length: 8 }, (_, at) => world.router(`n${at}`))
      const pick = (): TestRouter => routers[world.dice.bytes(1)[0]! % routers.length]!
      for (let round = 0; round < 30; round++) {
        const [one, other] = [pick(), pick()]
        if (one !== other && round % 3 > 0) world.link(one, other, { latencyMs: 1 + (world.dice.bytes(1)[0]! % 80) })
        else one.links()[0]?.close('cut')
        world.run(world.dice.bytes(1)[0]! * 20)
      }
      world.run(60_000)
      for (const router of routers) expect(router.faults.get('ROUTES_DIFFER')).toBeUndefined()
    }
  })

  it('P12 a link at rest costs at most 20 bytes a second, both ways together', () => {
    const world = new RouterWorld()
    const [a, b] = [world.router('a'), world.router('b', 'relay')]
    for (let more = 0; more < 20; more++) world.link(world.router(`n${more}`), b)
    let bytes = 0
    const [dialer, listener] = memoryChannelPair(world.clock, { latencyMs: 10 }).map((channel) =>
      counted(channel, (length) => (bytes += length)),
    ) as [Channel, Channel]
    a.addChannel(dialer)
    b.addChannel(listener)
    world.run(30_000)
    bytes = 0
    world.run(600_000)
    expect(bytes).toBeGreaterThan(0)
    expect(bytes / 600).toBeLessThanOrEqual(20)
  })
})

function counted(channel: Channel, count: (length: number) => void): Channel {
  return new Proxy(channel, {
    get(target, key) {
      if (key === 'send') return (bytes: Uint8Array) => (count(bytes.length), target.send(bytes))
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
