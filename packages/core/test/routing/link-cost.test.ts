import { describe, expect, it } from 'vitest'
import { costMax, LinkCost, linkCost } from '../../src/routing/link-cost.ts'
import type { Neighbour } from '../../src/routing/table/origin.ts'
import { RouteTable } from '../../src/routing/table/route-table.ts'
import { RouterWorld } from './router-world.ts'

type TestRouter = ReturnType<RouterWorld['router']>

const still = { roundTripMs: 40, loss: 0, reluctant: false }

describe('ALN-06 what a link costs', () => {
  it('ALN-06 kind, round trip, loss and reluctance add up, within 16 … 4096', () => {
    expect(linkCost('webrtc', still)).toBe(26)
    expect(linkCost('websocket', still)).toBe(58)
    expect(linkCost('bluetooth', { ...still, roundTripMs: undefined })).toBe(272)
    expect(linkCost('webrtc', { ...still, loss: 0.5 })).toBe(282)
    expect(linkCost('webrtc', { ...still, reluctant: true })).toBe(538)
    expect(linkCost('memory', { ...still, roundTripMs: 0 })).toBe(16)
    expect(linkCost('websocket', { roundTripMs: 60_000, loss: 1, reluctant: true })).toBe(costMax)
  })

  it('ALN-06 a new cost is told when it differs by more than a quarter for 10 s, and not before', () => {
    const cost = new LinkCost('websocket', still)
    expect(cost.measure({ ...still, roundTripMs: 90 }, 0)).toBe(false)
    expect(cost.measure({ ...still, roundTripMs: 90 }, 20_000)).toBe(false)
    expect(cost.measure({ ...still, roundTripMs: 400 }, 21_000)).toBe(false)
    expect(cost.measure(still, 25_000)).toBe(false)
    expect(cost.measure({ ...still, roundTripMs: 400 }, 30_000)).toBe(false)
    expect(cost.measure({ ...still, roundTripMs: 400 }, 39_999)).toBe(false)
    expect(cost.cost).toBe(58)
    expect(cost.measure({ ...still, roundTripMs: 400 }, 40_000)).toBe(true)
    expect(cost.cost).toBe(148)
  })

  it('ALN-06 a neighbour that is reached quicker by another way is a neighbour all the same', () => {
    const world = new RouterWorld()
    const [a, b, c] = ['a', 'b', 'c'].map((name) => world.router(name)) as [TestRouter, TestRouter, TestRouter]
    world.link(a, b, { latencyMs: 5 })
    world.link(b, c, { latencyMs: 5 })
    world.run(1_000)
    const seen: (boolean | undefined)[] = []
    a.on('destination', ({ address }) => address === c.address && seen.push(a.destination(c.address)?.direct))
    const { dialer } = world.link(a, c, { latencyMs: 400 })
    world.run(5_000)
    expect(a.destination(c.address)).toMatchObject({ via: b.address, hops: 2, direct: true, roundTripMs: dialer.roundTripMs })
    dialer.close('enough')
    world.run(1_000)
    expect(a.destination(c.address)).toMatchObject({ via: b.address, direct: false, roundTripMs: undefined })
    expect(seen).toEqual([true, false])
  })

  it('ALN-06 the quicker of two ways is taken, and the other one when the page on the way is hidden', () => {
    const world = new RouterWorld()
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => world.router(name)) as [TestRouter, TestRouter, TestRouter, TestRouter]
    world.link(a, b, { latencyMs: 5 })
    world.link(b, d, { latencyMs: 5 })
    world.link(a, c, { latencyMs: 100 })
    world.link(c, d, { latencyMs: 100 })
    world.run(10_000)
    expect(a.destination(d.address)?.via).toBe(b.address)
    b.setReluctant(true)
    world.run(9_000)
    expect(a.destination(d.address)?.via).toBe(b.address)
    world.run(20_000)
    expect(a.destination(d.address)?.via).toBe(c.address)
    b.setReluctant(false)
    // A shorter way that could lead back here needs a new number first (R7).
    world.run(30_000)
    expect(a.destination(d.address)?.via).toBe(b.address)
  })
})

describe('R2 the present way is kept while the other is hardly better', () => {
  function two() {
    let now = 0
    const table = new RouteTable<Neighbour>(10, () => now)
    const [one, other] = ['one', 'other'].map((address) => ({ address, cost: 16, retiring: false })) as [Neighbour, Neighbour]
    const learn = (neighbour: Neighbour, metric: number, seq48 = 7, hops = 1) =>
      table.learn(neighbour, { destination: 'x', seq48, metric, hops })!
    const via = () => table.get('x')!.selected?.neighbour.address
    return { table, one, other, learn, via, wait: (ms: number) => void (now += ms) }
  }

  it('R2 for 5 s, and not when the other is shorter by an eighth', () => {
    const { table, one, other, learn, via, wait } = two()
    learn(one, 184)
    learn(other, 174)
    expect(via()).toBe('one')
    wait(4_900)
    expect(table.settle()).toEqual([])
    wait(100)
    expect(table.settle().map(({ selection }) => selection)).toEqual(['changed'])
    expect(via()).toBe('other')
    learn(one, 100)
    expect(via()).toBe('one')
  })

  it('R2 never a way that might lead back here', () => {
    const { table, one, other, learn, via } = two()
    const { origin } = learn(one, 184)
    table.told(origin, 7, origin.metric)
    learn(other, 180)
    expect(via()).toBe('one')
    learn(one, 200, 7, 2)
    expect(via()).toBe('other')
    learn(other, 190, 6)
    expect(via()).toBeUndefined()
  })

  it('R2 a next hop that only became dearer is kept: it cannot lead back here', () => {
    const { table, one, other, learn, via } = two()
    const { origin } = learn(one, 184)
    table.told(origin, 7, origin.metric)
    learn(one, 250)
    expect(via()).toBe('one')
    expect(table.get('x')!.metric).toBe(266)
    // Nobody who is told that much now may be taken instead, however short his way is.
    learn(other, 210)
    expect(via()).toBe('one')
    learn(one, 250, 6)
    expect(via()).toBeUndefined()
  })

  it('R2 sums end at 65 534, and what has got there leads no further', () => {
    const { one, learn, via, table } = two()
    learn(one, 65_530)
    expect(table.get('x')!.metric).toBe(65_534)
    learn(one, 65_534)
    expect(via()).toBeUndefined()
  })
})
