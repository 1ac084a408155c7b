import { describe, expect, it } from 'vitest'
import { NeighbourNumbers } from '../../src/routing/neighbour-numbers.ts'
import { Origin, type Neighbour, type Route } from '../../src/routing/origin.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'

describe('the ways to an origin, packed', () => {
  it.each([1, 2, 3])('come out as they went in, in the order of a map (seed %i)', (seed) => {
    const dice = new SeededDice(seed)
    const numbers = new NeighbourNumbers<Neighbour>()
    const neighbours = Array.from({ length: 40 }, (_, at): Neighbour => ({ address: `n${at}`, cost: at, retiring: false }))
    const origin = new Origin<Neighbour>('o', numbers)
    const model = new Map<Neighbour, Route<Neighbour>>()
    for (let step = 0; step < 5_000; step++) {
      const neighbour = dice.pick(neighbours)
      if (dice.chance(0.5)) {
        const advertised = dice.pick([0, 1, 65_534, dice.between(0, 65_534)])
        const route = { neighbour, seq48: dice.between(0, 2 ** 48 - 1), advertised, hops: dice.between(0, 255), fragile: dice.chance(0.5) }
        origin.setRoute(route)
        model.set(neighbour, route)
      } else {
        expect(origin.deleteRoute(neighbour)).toBe(model.delete(neighbour))
        // A link that is gone: its number goes to the next one.
        if (dice.chance(0.3)) numbers.forget(neighbour)
      }
      if (step % 50 === 0) expect(origin.routes()).toEqual([...model.values()])
      expect(origin.routeOf(neighbour)).toEqual(model.get(neighbour))
      expect(origin.routeCount).toBe(model.size)
    }
    origin.deleteRoutes()
    expect(origin.routes()).toEqual([])
  })

  it('the selected one stays what it was when it was selected', () => {
    const numbers = new NeighbourNumbers<Neighbour>()
    const neighbour: Neighbour = { address: 'n', cost: 16, retiring: false }
    const origin = new Origin<Neighbour>('o', numbers)
    expect([origin.selected, origin.nextHop, origin.metric, origin.feasibility]).toEqual([undefined, undefined, 65_535, undefined])
    const route = { neighbour, seq48: 2 ** 47 + 3, advertised: 40, hops: 2, fragile: false }
    origin.setRoute(route)
    origin.select(route, 56, true)
    origin.setRoute({ ...route, advertised: 99, fragile: true })
    origin.feasibility = { seq48: 2 ** 48 - 1, metric: 12 }
    expect(origin.selected).toEqual(route)
    expect([origin.nextHop, origin.metric, origin.fragile]).toEqual([neighbour, 56, true])
    expect(origin.feasibility).toEqual({ seq48: 2 ** 48 - 1, metric: 12 })
    origin.select(undefined, 65_535, false)
    expect([origin.selected, origin.nextHop, origin.fragile]).toEqual([undefined, undefined, false])
    expect(origin.routes()).toHaveLength(1)
  })
})
