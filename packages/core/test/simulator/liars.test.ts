import { describe, expect, it } from 'vitest'
import { Invariants } from '../../src/testing/simulator/invariants.ts'
import { lies } from '../../src/testing/simulator/lying-node.ts'
import { unrest } from '../../src/testing/simulator/rest.ts'
import { RoutedWorld } from '../../src/testing/simulator/routed-world.ts'
import { full, ring, type Topology } from '../../src/testing/simulator/topology.ts'
import { Traffic } from '../../src/testing/simulator/traffic.ts'

function worldWith(topology: Topology, liar: number): { world: RoutedWorld; invariants: Invariants; traffic: Traffic } {
  const broken = (what: string): never => {
    throw new Error(what)
  }
  const world = new RoutedWorld(3, topology, { liars: new Set([liar]) })
  const invariants = new Invariants(world, broken)
  const traffic = new Traffic(world, invariants, broken)
  world.watcher = { performed: (node) => invariants.performed(node), delivered: (...what) => traffic.delivered(...what) }
  world.startAll()
  world.run(3_000)
  return { world, invariants, traffic }
}

describe('a neighbour that lies', () => {
  for (const lie of lies) {
    it(`no invariant of the others breaks, and nothing of it outlives the liar: ${lie}`, () => {
      const { world, invariants } = worldWith(ring(6), 2)
      for (let times = 0; times < 5; times += 1) {
        for (const liar of world.liars()) liar.lie(lie)
        world.run(700)
      }
      world.killForGood(2, true)
      for (let waited = 0; waited < 60 && unrest(world, invariants) !== undefined; waited += 1) world.run(1_000)
      expect(unrest(world, invariants)).toBeUndefined()
      expect(world.processes()).toHaveLength(5)
    })
  }

  it('what others send each other keeps arriving while one of their neighbours floods them', () => {
    const deliver = (flooded: boolean): number => {
      const { world, traffic } = worldWith(full(4), 3)
      const [a, b] = world.processes()
      if (a === undefined || b === undefined) throw new Error('nobody is there')
      for (let second = 0; second < 20; second += 1) {
        if (flooded) for (const lie of lies) for (const liar of world.liars()) liar.lie(lie)
        for (let packet = 0; packet < 20; packet += 1) {
          traffic.send(a, b)
          world.run(50)
        }
      }
      world.run(1_000)
      return traffic.arrived
    }
    const quiet = deliver(false)
    expect(quiet).toBe(400)
    expect(deliver(true)).toBeGreaterThanOrEqual(quiet * 0.95)
  })
})
