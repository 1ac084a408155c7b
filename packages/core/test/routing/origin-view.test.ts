import { describe, expect, it } from 'vitest'
import { RouterWorld } from './router-world.ts'

describe('a look at the table', () => {
  it('ALN-35 every route of every neighbour is seen, the selected one and what feasibility says of each', () => {
    const world = new RouterWorld()
    const [a, b, c] = [world.router('a'), world.router('b'), world.router('c')]
    world.link(a, b)
    world.link(b, c)
    world.link(a, c)
    world.run(500)
    const origin = a.origin(c.address)
    expect(origin?.routes.map(({ via, metric, hops }) => ({ via, metric, hops }))).toEqual(
      expect.arrayContaining([
        { via: c.address, metric: 21, hops: 1 },
        { via: b.address, metric: 42, hops: 2 },
      ]),
    )
    expect(origin?.selected).toMatchObject({ via: c.address, advertised: 0, feasible: true, seq48: origin?.feasibility?.seq48 })
    expect(origin?.feasibility?.metric).toBe(21)
    expect(origin?.routes.find(({ via }) => via === b.address)?.feasible).toBe(false)
    expect([...a.origins()].map(({ address }) => address).toSorted()).toEqual([b.address, c.address].toSorted())
  })

  it('ALN-35 a view is live, and the revision says whether there is anything new to see', () => {
    const world = new RouterWorld()
    const [a, b] = [world.router('a'), world.router('b')]
    const { dialer } = world.link(a, b)
    world.run(500)
    const origin = a.origin(b.address)
    const [before, revision] = [a.revision, origin?.revision ?? 0]
    world.run(500)
    expect([a.revision, origin?.revision]).toEqual([before, revision])
    dialer.close()
    world.run(500)
    expect(a.revision).toBeGreaterThan(before)
    expect(origin?.revision).toBeGreaterThan(revision)
    expect([origin?.selected, origin?.routes]).toEqual([undefined, []])
    expect(a.origin('nobody')).toBeUndefined()
  })
})
