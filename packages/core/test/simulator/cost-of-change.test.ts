import { afterEach, describe, expect, it, vi } from 'vitest'
import { ChannelLink } from '../../src/link/channel-link.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { RoutedWorld } from '../../src/testing/simulator/routed-world.ts'
import { randomRegular } from '../../src/testing/simulator/topology.ts'

/** Entries that all nodes tell, a node, while `change` happens and is dealt with. */
function entriesPerNode(world: RoutedWorld, change: () => void): number {
  const sent = vi.spyOn(ChannelLink.prototype, 'sendControl')
  change()
  world.run(10_000)
  const entries = sent.mock.calls.reduce((sum, [message]) => sum + (message.type === 'routes' ? message.entries.length : 0), 0)
  sent.mockRestore()
  return entries / world.topology.nodes
}

afterEach(() => void vi.restoreAllMocks())

describe('what a change costs', () => {
  // What a prototype of the same rules took, twice: a cut link, a node that crashed.
  for (const [nodes, cutMax, crashMax] of [
    [10, 14, 12],
    [100, 26, 72],
  ] as const) {
    it(`PP-28 I8: few entries a node for a cut link and a crash, ${nodes} nodes`, () => {
      const world = new RoutedWorld(3, randomRegular(nodes, 6, new SeededDice(nodes)), { latenciesMs: [10, 42], digest: false })
      world.startAll()
      world.run(20_000)
      const [one, other] = world.topology.edges[0]!
      const cut = entriesPerNode(world, () => world.network.cut(world.nameOf(one), world.nameOf(other)))
      expect(cut).toBeGreaterThan(0)
      expect(cut).toBeLessThanOrEqual(cutMax)
      const crash = entriesPerNode(world, () => world.killForGood(2, true))
      expect(crash).toBeGreaterThan(0)
      expect(crash).toBeLessThanOrEqual(crashMax)
    })
  }
})
