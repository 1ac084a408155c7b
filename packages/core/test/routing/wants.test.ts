import { describe, expect, it } from 'vitest'
import type { Neighbour } from '../../src/routing/table/origin.ts'
import { RouteTable } from '../../src/routing/table/route-table.ts'
import { Wants } from '../../src/routing/exchange/wants.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { RouterWorld } from './router-world.ts'

function wanting() {
  const clock = new VirtualClock()
  const table = new RouteTable<Neighbour>(100, () => clock.now())
  const [long, short] = ['long', 'short'].map((address) => ({ address, cost: 16, retiring: false })) as [Neighbour, Neighbour]
  const questions: string[] = []
  const wants = new Wants<Neighbour>(clock, table, {
    ask: ({ address }, destination, seq48) => void questions.push(`${clock.now()} ${address} ${destination} ${seq48}`),
  })
  const learn = (neighbour: Neighbour, seq48: number, metric: number): void => {
    const change = table.learn(neighbour, { destination: 'x', seq48, metric, hops: 1 })!
    if (change.origin.selected) table.told(change.origin, change.origin.selected.seq48, change.origin.metric)
    wants.review(change.origin)
  }
  return { clock, table, long, short, questions, wants, learn }
}

describe('ALN-25 what a node wants itself', () => {
  it('R6 without a feasible route it asks everybody who has one, at once and again after 0.5, 1, 2, 4, 8 and 16 s', () => {
    const { clock, questions, learn, long, short } = wanting()
    learn(short, 7, 16)
    learn(long, 7, 90)
    learn(short, 7, 65_535)
    expect(questions).toEqual(['0 long x 8'])
    clock.runFor(100_000)
    expect(questions.map((line) => Number.parseInt(line))).toEqual([0, 500, 1_500, 3_500, 7_500, 15_500, 31_500])
  })

  it('R7 a shorter route that might lead back here is asked for after 1 s, from the one who has it, by the next number', () => {
    const { clock, table, questions, learn, long, short, wants } = wanting()
    learn(long, 8, 100)
    learn(short, 8, 200)
    // The link to the one that is in use became slow.
    Object.assign(long, { cost: 900 })
    wants.review(table.select(table.get('x')!).origin)
    clock.runFor(999)
    expect(questions).toEqual([])
    clock.runFor(1)
    expect(questions).toEqual(['1000 short x 9'])
    learn(short, 9, 200)
    clock.runFor(60_000)
    expect(questions).toHaveLength(1)
  })

  it('R7 a shorter route that is behind in numbers is only asked to catch up', () => {
    const { clock, questions, learn, long, short } = wanting()
    learn(long, 8, 300)
    learn(short, 7, 100)
    clock.runFor(1_000)
    expect(questions).toEqual(['1000 short x 8'])
  })

  it('R7 while the newest number is still spreading nobody is asked', () => {
    const { clock, questions, learn, long, short } = wanting()
    learn(long, 8, 300)
    learn(short, 7, 100)
    clock.runFor(900)
    learn(long, 9, 300)
    clock.runFor(900)
    learn(short, 9, 100)
    clock.runFor(60_000)
    expect(questions).toEqual([])
  })

  it('R4 when the next hop moves at equal metric, the old one is told the route and the new one that it is gone', () => {
    const world = new RouterWorld()
    const [x, c1, c2, a] = ['x', 'c1', 'c2', 'a'].map((name) => world.router(name)) as [TestRouter, TestRouter, TestRouter, TestRouter]
    world.link(x, c1)
    world.link(x, c2)
    const first = world.link(a, c1)
    world.run(100)
    world.link(a, c2)
    world.run(2_000)
    expect(viaOf(a, x)).toBe(nameOf(c1))
    first.dialer.close()
    world.run(1_000)
    world.link(a, c1)
    world.run(1_000)
    // Now the next hop is c2. It loses x, so it moves to c1 at the same metric, and c2 must hear of the way through here.
    expect(viaOf(a, x)).toBe(nameOf(c2))
    for (const link of linksOf(x, c2)) link.close('cut')
    world.run(1_000)
    expect(viaOf(a, x)).toBe(nameOf(c1))
    expect(viaOf(c2, x)).toBe(nameOf(a))
    expect(waysOf(c1, x)).toEqual([nameOf(x)])
  })
})

type TestRouter = ReturnType<RouterWorld['router']>

function nameOf(router: TestRouter): string {
  return router.address
}

function viaOf(router: TestRouter, to: TestRouter): string | undefined {
  return router.destination(to.address)?.via
}

/** The neighbours that say they have a way. */
function waysOf(router: TestRouter, to: TestRouter): string[] {
  return [...(router.origin(to.address)?.routes ?? [])].map(({ via }) => via)
}

function linksOf(router: TestRouter, to: TestRouter): ReturnType<TestRouter['links']> {
  return router.links().filter(({ peer }) => peer?.address === to.address)
}
