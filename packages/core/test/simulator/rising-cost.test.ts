import { describe, expect, it } from 'vitest'
import { RoutedWorld } from '../../src/testing/simulator/routed-world.ts'
import { line } from '../../src/testing/simulator/topology.ts'

describe('a link that becomes slow', () => {
  it('PP-28 R2 darkens nothing: everybody behind it is reached all the time, at the new cost', () => {
    const world = new RoutedWorld(1, line(8), { latenciesMs: [20, 20], digest: false })
    world.startAll()
    world.run(20_000)
    const lost: string[] = []
    for (const { name, router } of world.processes()) {
      router.on('destination', ({ address, state }) => void (state === 'down' && lost.push(`${name} ${address}`)))
    }
    const first = world.process(0)!.router
    const last = world.process(7)!.router.address
    const costBefore = first.destination(last)!.cost
    const [one, other] = [world.nameOf(5), world.nameOf(6)]
    world.network.path(one, other).latencyMs = 650
    world.network.path(other, one).latencyMs = 650
    world.run(60_000)
    expect(lost).toEqual([])
    expect(first.destination(last)!.cost).toBeGreaterThan(costBefore + 100)
  })
})
