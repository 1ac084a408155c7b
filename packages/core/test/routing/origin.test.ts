import { describe, expect, it } from 'vitest'
import { Origin, type Neighbour, type Route } from '../../src/routing/table/origin.ts'
import { OriginRows } from '../../src/routing/table/origin-rows.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'

describe('the ways to an origin, packed', () => {
  it.each([1, 2, 3])('come out as they went in, in the order of a map, whatever others of the same rows do (seed %i)', (seed) => {
    const dice = new SeededDice(seed)
    const rows = new OriginRows<Neighbour, Origin<Neighbour>>()
    const neighbours = Array.from({ length: 40 }, (_, at): Neighbour => ({ address: `n${at}`, cost: at, retiring: false }))
    const fresh = (): { origin: Origin<Neighbour>; model: Map<Neighbour, Route<Neighbour>> } => ({
      origin: new Origin<Neighbour>('o', rows),
      model: new Map(),
    })
    const all = Array.from({ length: 5 }, fresh)
    for (let step = 0; step < 10_000; step++) {
      const place = dice.between(0, 4)
      const { origin, model } = all[place]!
      const neighbour = dice.pick(neighbours)
      if (dice.chance(0.01)) {
        // Forgotten, and its row taken by the next one.
        origin.feasibility = { seq48: 7, metric: 7 }
        origin.release()
        all[place] = fresh()
        expect([all[place].origin.feasibility, all[place].origin.revision, all[place].origin.routeCount]).toEqual([undefined, 0, 0])
        continue
      }
      if (dice.chance(0.5)) {
        const advertised = dice.pick([0, 1, 65_534, dice.between(0, 65_534)])
        const route = { neighbour, seq48: dice.between(0, 2 ** 48 - 1), advertised, hops: dice.between(0, 255), fragile: dice.chance(0.5) }
        origin.setRoute(route)
        model.set(neighbour, route)
      } else {
        expect(origin.deleteRoute(neighbour)).toBe(model.delete(neighbour))
        // A link that is gone: its number goes to the next one.
        if (dice.chance(0.3) && all.every((one) => !one.model.has(neighbour))) rows.neighbours.forget(neighbour)
      }
      if (step % 50 === 0) for (const one of all) expect(one.origin.routes()).toEqual([...one.model.values()])
      expect(origin.routeOf(neighbour)).toEqual(model.get(neighbour))
      expect(origin.routeCount).toBe(model.size)
    }
    for (const { origin } of all) origin.deleteRoutes()
    expect(all.map(({ origin }) => origin.routes())).toEqual([[], [], [], [], []])
  })

  it('what was selected is told as it was then: metric, hops and whether it was about to break', () => {
    const neighbour: Neighbour = { address: 'n', cost: 16, retiring: false }
    const origin = new Origin<Neighbour>('o', new OriginRows())
    expect([origin.selected, origin.nextHop, origin.metric, origin.feasibility]).toEqual([undefined, undefined, 65_535, undefined])
    const route = { neighbour, seq48: 2 ** 47 + 3, advertised: 40, hops: 2, fragile: false }
    origin.setRoute(route)
    origin.select(route, 56, true)
    expect(origin.selected).toEqual(route)
    origin.setRoute({ ...route, advertised: 99, hops: 3, fragile: true })
    origin.feasibility = { seq48: 2 ** 48 - 1, metric: 12 }
    expect([origin.nextHop, origin.metric, origin.hops, origin.fragile]).toEqual([neighbour, 56, 2, true])
    expect(origin.feasibility).toEqual({ seq48: 2 ** 48 - 1, metric: 12 })
    origin.select(undefined, 65_535, false)
    expect([origin.selected, origin.nextHop, origin.fragile]).toEqual([undefined, undefined, false])
    expect(origin.routes()).toHaveLength(1)
  })
})
