import { describe, expect, it } from 'vitest'
import { rivalsMax, Rivals } from '../../src/routing/exchange/rivals.ts'
import type { Router } from '../../src/routing/router.ts'
import { RouterWorld } from './router-world.ts'

const epochs = [
  ['equal', 1_700_000_000, 1_700_000_000],
  ['rising', 1_700_000_000, 1_800_000_000],
  ['falling', 1_800_000_000, 1_700_000_000],
] as const

/** Two nodes of one name, each at a relay of its own, and somebody who joins both relays, the first one first. */
function scene(
  first: number,
  second: number,
): {
  world: RouterWorld
  west: Router
  east: Router
  things: [Router, Router]
  both: Router
  links: { dialer: { close(why: string): void } }[]
} {
  const world = new RouterWorld()
  const [west, east] = [world.router('west', 'relay'), world.router('east', 'relay')]
  const things: [Router, Router] = [world.router('thing', 'named', { epoch: first }), world.router('thing', 'named', { epoch: second })]
  const links = [world.link(things[0], west), world.link(things[1], east)]
  for (const [at, thing] of things.entries()) thing.registerService(`which ${at}`, () => {})
  world.run(3_000)
  const both = world.router('both', 'member', { leaf: true })
  world.link(both, west)
  world.run(1_000)
  world.link(both, east)
  world.run(5_000)
  return { world, west, east, things, both, links }
}

const clashes = (router: Router): number => router.faults.get('IDENTITY_IN_USE') ?? 0

describe('R11 two nodes with one free-form name', () => {
  it.each(epochs)('ALN-25 a third party notices, reports it and keeps the first, numbers %s', (_, first, second) => {
    const { world, west, both } = scene(first, second)
    expect(clashes(both)).toBe(1)
    expect(both.destination('thing')).toMatchObject({ via: west.address, hops: 2 })
    expect(both.services().map(({ service }) => service)).toEqual(['which 0'])
    world.run(120_000)
    expect(clashes(both)).toBe(1)
    expect(both.faults.get('ROUTES_DIFFER')).toBeUndefined()
    expect(both.faults.get('UNPROVEN')).toBeUndefined()
    expect(both.destination('thing')).toMatchObject({ via: west.address })
  })

  it.each(epochs)('ALN-26 when the first one leaves, the other is known a moment later, numbers %s', (_, first, second) => {
    const { world, east, things, both } = scene(first, second)
    void things[0].close()
    world.run(200)
    expect(both.destination('thing')).toMatchObject({ via: east.address, hops: 2 })
    expect(both.services().map(({ service }) => service)).toEqual(['which 1'])
    world.run(60_000)
    expect(both.destination('thing')).toMatchObject({ via: east.address, hops: 2 })
    expect(both.faults.get('ROUTES_DIFFER')).toBeUndefined()
  })

  it.each(epochs)(
    'ALN-26 when the link of the first one breaks, too, and it stays so when that one comes back, numbers %s',
    (_, first, second) => {
      const { world, west, east, things, both, links } = scene(first, second)
      links[0]!.dialer.close('cut')
      world.run(500)
      expect(both.destination('thing')).toMatchObject({ via: east.address })
      world.link(things[0], west)
      world.run(5_000)
      expect(both.destination('thing')).toMatchObject({ via: east.address })
      expect(west.destination('thing')).toMatchObject({ direct: true })
      expect(clashes(both)).toBe(2)
      void things[1].close()
      world.run(500)
      expect(both.destination('thing')).toMatchObject({ via: west.address })
    },
  )

  it('a node that comes back under its name, in another process, is no clash', () => {
    for (const epoch of [1_700_000_000, 1_700_000_001, 1_600_000_000]) {
      const world = new RouterWorld()
      const [west, east] = [world.router('west', 'relay'), world.router('east', 'relay')]
      const far = world.router('far')
      const thing = world.router('thing', 'named')
      const { dialer } = world.link(thing, west)
      world.link(west, east)
      world.link(far, east)
      world.run(3_000)
      dialer.close('crashed')
      world.run(100)
      world.link(world.router('thing', 'named', { epoch }), east)
      world.run(3_000)
      expect(far.destination('thing')).toMatchObject({ hops: 2 })
      for (const router of [west, east, far]) expect(clashes(router)).toBe(0)
    }
  })

  it('networks of two such nodes that grow together keep one each, and are one again when one of them goes', () => {
    const world = new RouterWorld()
    const [west, east] = [world.router('west', 'relay'), world.router('east', 'relay')]
    const [one, two] = [world.router('thing', 'named'), world.router('thing', 'named')]
    const members = [world.router('near west'), world.router('near east')] as const
    world.link(one, west)
    world.link(two, east)
    world.link(members[0], west)
    world.link(members[1], east)
    world.run(1_000)
    world.link(west, east)
    world.run(30_000)
    expect(west.destination('thing')).toMatchObject({ direct: true })
    expect(east.destination('thing')).toMatchObject({ direct: true })
    expect(Math.max(clashes(west), clashes(east))).toBeGreaterThan(0)
    void one.close()
    world.run(500)
    for (const router of [west, members[0]]) expect(router.destination('thing')?.hops).toBeGreaterThan(1)
    world.run(60_000)
    for (const router of [west, east, ...members]) {
      expect(router.destination('thing')).toBeDefined()
      expect(router.faults.get('ROUTES_DIFFER')).toBeUndefined()
    }
  })

  it(`of one neighbour ${rivalsMax} are kept`, () => {
    const { clock } = new RouterWorld()
    const found: string[] = []
    const rivals = new Rivals<string>({ clock, found: (_, address) => void found.push(address) })
    for (let at = 0; at < 2 * rivalsMax; at++) rivals.keep('n', { destination: `thing ${at}`, seq48: 1, metric: 32, hops: 1, tag: at })
    clock.runFor(10_000)
    expect(found).toHaveLength(rivalsMax)
    expect(rivals.take('thing 0')).toMatchObject([{ neighbour: 'n', entry: { tag: 0 } }])
    rivals.leave('n')
    expect(rivals.isClaimed('thing 1')).toBe(false)
  })
})
