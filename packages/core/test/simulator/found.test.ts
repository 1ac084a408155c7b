// Worlds in which the simulator found a mistake, in as few faults as still showed it.

import { describe, expect, it } from 'vitest'
import { Invariants } from '../../src/testing/simulator/invariants.ts'
import { unrest } from '../../src/testing/simulator/rest.ts'
import { RoutedWorld } from '../../src/testing/simulator/routed-world.ts'
import { line, starOfRelays, type Topology } from '../../src/testing/simulator/topology.ts'

function worldOf(topology: Topology): { world: RoutedWorld; invariants: Invariants } {
  const world = new RoutedWorld(7, topology)
  const invariants = new Invariants(world, (what) => {
    throw new Error(what)
  })
  world.watcher = { performed: (node) => invariants.performed(node) }
  world.startAll()
  world.run(5_000)
  return { world, invariants }
}

describe('what seeds found', () => {
  it('a member that lost count (clock back an hour, storage lost) is found by those whose neighbours forgot it, too', () => {
    const { world, invariants } = worldOf(starOfRelays(5, 2))
    // Relay 1 is between member 3 and relay 0, and the only one who could have told member 3 how far it was.
    world.kill(3, true)
    world.world.epochs.delete(world.nameOf(3))
    world.kill(1, false)
    world.run(500)
    world.start(1)
    world.start(3, { wallTimeShiftMs: -3_600_000 })
    world.run(30_000)
    expect(unrest(world, invariants)).toBeUndefined()
  })

  it('a copy of a member that is there for a moment does not make the member unreachable for those who heard of it', () => {
    const { world, invariants } = worldOf(line(12))
    world.startClone(11, 0, 1_000)
    world.run(10_000)
    expect(unrest(world, invariants)).toBeUndefined()
  })
})
