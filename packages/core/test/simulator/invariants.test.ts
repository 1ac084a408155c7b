// The invariants are held against tables that lie, to see that each of them notices.

import { describe, expect, it } from 'vitest'
import type { OriginView, RouteView } from '../../src/routing/origin-view.ts'
import { Invariants } from '../../src/testing/simulator/invariants.ts'
import { unrest } from '../../src/testing/simulator/rest.ts'
import { RoutedWorld, type SimProcess } from '../../src/testing/simulator/routed-world.ts'
import { line, ring } from '../../src/testing/simulator/topology.ts'

interface Told {
  via?: number
  seq48?: number
  metric?: number
}

/** A real world at rest, in which single tables are made to say something else. */
class LyingWorld {
  readonly world: RoutedWorld
  readonly invariants: Invariants
  readonly broken: string[] = []

  constructor(topology = ring(4)) {
    this.world = new RoutedWorld(1, topology)
    this.invariants = new Invariants(this.world, (what) => {
      this.broken.push(what)
      throw new Error(what)
    })
    this.world.watcher = { performed: (node) => this.invariants.performed(node) }
    this.world.startAll()
    this.world.run(5_000)
  }

  at(index: number): SimProcess {
    const process = this.world.process(index)
    if (process === undefined) throw new Error(`node ${index} does not run`)
    return process
  }

  /** From now on the table of `at` says something else of `of`; looked at in its next turn. */
  pretend(at: number, of: number, change: (origin: OriginView) => Partial<OriginView>): void {
    const { router } = this.at(at)
    const { address } = this.at(of).router
    const origin = router.origin(address)
    if (origin === undefined) throw new Error('nothing to pretend of')
    const revision = router.revision + 1
    const { selected, feasibility, routes } = origin
    const pretended: OriginView = { address, selected, feasibility, routes, ...change(origin), revision }
    const others = [...router.origins()].filter((other) => other.address !== address)
    Object.defineProperties(router, {
      revision: { value: revision, configurable: true },
      origin: {
        value: (wanted: string) => (wanted === address ? pretended : others.find((other) => other.address === wanted)),
        configurable: true,
      },
      origins: { value: () => [pretended, ...others], configurable: true },
    })
  }

  look(at: number): void {
    this.invariants.performed(this.at(at).node)
  }
}

/** A route of this table through another neighbour. */
function through(origin: OriginView, world: LyingWorld, { via, seq48, metric }: Told): RouteView {
  const route = origin.routes.find((known) => via === undefined || known.via === world.at(via).router.address)
  if (route === undefined) throw new Error('no such route')
  const advertised = metric ?? route.advertised
  return { ...route, seq48: seq48 ?? route.seq48, advertised, metric: advertised + 48 }
}

describe('invariants of simulated worlds', () => {
  it('PP-28 a world of honest routers breaks none and comes to rest', () => {
    const world = new LyingWorld()
    expect(world.broken).toEqual([])
    expect(unrest(world.world, world.invariants)).toBeUndefined()
    expect(world.invariants.routeChanges).toBeGreaterThan(0)
  })

  it('PP-28 I1 notices a circle', () => {
    const world = new LyingWorld()
    // Nodes 1 and 0 send packets for node 3 to each other; it is old enough to be feasible.
    const older = (origin: OriginView, via: number): Partial<OriginView> => ({
      selected: through(origin, world, { via, metric: 1, seq48: 2 ** 47 }),
    })
    world.pretend(0, 3, (origin) => older(origin, 1))
    world.pretend(1, 3, (origin) => older(origin, 0))
    expect(() => world.look(1)).toThrow(/^I1: packets for member3 go in a circle: member1 > member0 > member1/)
  })

  it('PP-28 I2 notices a feasibility distance that got worse, and one that vanished', () => {
    const world = new LyingWorld()
    world.pretend(0, 1, ({ feasibility }) => ({ feasibility: { seq48: feasibility?.seq48 ?? 0, metric: (feasibility?.metric ?? 0) + 1 } }))
    expect(() => world.look(0)).toThrow(/^I2: member0 forgot how near it was to member1/)
    const other = new LyingWorld()
    other.pretend(0, 1, () => ({ feasibility: undefined, selected: undefined }))
    expect(() => other.look(0)).toThrow(/^I2: /)
  })

  it('PP-28 I3 notices an unfeasible route that was selected', () => {
    const world = new LyingWorld()
    world.pretend(0, 1, (origin) => ({ selected: through(origin, world, { metric: origin.feasibility?.metric ?? 0 }) }))
    expect(() => world.look(0)).toThrow(/^I3: member0 selected an unfeasible route to member1/)
  })

  it('PP-28 I4 notices an advert that is better than its teller may give', () => {
    const world = new LyingWorld()
    world.pretend(0, 2, (origin) => ({ routes: [through(origin, world, { via: 1, metric: 1 })] }))
    expect(() => world.look(0)).toThrow(/^I4: member0 heard of member2 from member1/)
  })

  it('PP-28 I10 notices a table that outgrows the world', () => {
    const world = new LyingWorld()
    const sizes = (): unknown[] => [{ table: 'asked', size: 5, max: 4_096 }]
    Object.defineProperty(world.at(0).router, 'sizes', { value: sizes })
    world.pretend(0, 1, () => ({}))
    expect(() => world.look(0)).toThrow('I10: member0 has 5 of asked in a world of 4')
  })

  it('PP-28 I5 notices a missing route, a long one, a stale tale and a want; I7 a route to a dead node', () => {
    const lie = (at: number, of: number, change: (origin: OriginView, world: LyingWorld) => Partial<OriginView>): string | undefined => {
      const world = new LyingWorld(line(3))
      world.pretend(at, of, (origin) => change(origin, world))
      return unrest(world.world, world.invariants)
    }
    expect(lie(0, 2, () => ({ selected: undefined }))).toMatch(/^I5: member0 has no route to member2/)
    expect(lie(0, 2, (origin, world) => ({ selected: through(origin, world, { metric: 500 }) }))).toMatch(
      /^I5: member0 reaches member2 at a cost of/,
    )
    expect(lie(0, 2, () => ({ routes: [] }))).toMatch(/^I5: member0 holds undefined of member1/)
    const wanting = new LyingWorld(line(3))
    Object.defineProperty(wanting.at(0).router, 'sizes', { value: () => [{ table: 'wants', size: 1, max: 9 }] })
    expect(unrest(wanting.world, wanting.invariants)).toBe('I5: member0 still has 1 of wants')
    const deadly = new LyingWorld(line(3))
    const { router } = deadly.at(0)
    const origins = [...router.origins()]
    const ghost = { ...origins[0], address: 'ghost', selected: origins[0]?.selected, routes: [], feasibility: undefined, revision: 0 }
    Object.defineProperty(router, 'origins', { value: () => [...origins, ghost] })
    expect(unrest(deadly.world, deadly.invariants)).toBe('I7: member0 has a route to ghost, which cannot be reached')
  })
})
