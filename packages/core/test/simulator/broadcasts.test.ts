import { describe, expect, it } from 'vitest'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { runBroadcastScenario } from '../../src/testing/simulator/broadcast-scenario.ts'
import { measureChurn, measureSteady, measureUndetectedKill, measureWorkload } from '../../src/testing/simulator/gossip-measures.ts'
import { GossipWorld } from '../../src/testing/simulator/gossip-world.ts'
import { diameter, full, grid, line, randomRegular, ring, tree } from '../../src/testing/simulator/topology.ts'

describe('PY-13 broadcasts in worlds of many nodes', () => {
  it.each([1, 426])('none is lost, none comes twice, each origin in its order, through partitions (seed %i)', (seed) => {
    const { partitions, said, heard } = runBroadcastScenario(seed)
    expect(partitions).toBeGreaterThanOrEqual(3)
    expect(said).toBeGreaterThan(20)
    expect(heard).toBeGreaterThan(10 * said)
  })

  it('at rest a payload crosses each branch once', () => {
    const { missed, redundancy } = measureSteady(3, 80)
    expect(missed).toBe(0)
    expect(redundancy).toBeLessThanOrEqual(0.05)
  })

  it.each([1, 2])('a fifth of the nodes is gone and nobody noticed: all who are left have it within two seconds (seed %i)', (seed) => {
    const { missed, lastMs } = measureUndetectedKill(seed, 150)
    expect(missed).toBe(0)
    expect(lastMs).toBeLessThanOrEqual(2_000)
  })

  it('while a fifth of the nodes changes each minute, nobody who stays misses one, and few come in vain', () => {
    const { missed, redundancy } = measureChurn(1, 100, { minutes: 1 })
    expect(missed).toBe(0)
    expect(redundancy).toBeLessThanOrEqual(1)
  })

  it('a workload in the manner of Maelstrom, from its first operation on: 25 nodes, 100 ms, 100 operations a second', () => {
    const topology = randomRegular(25, 4, new SeededDice(7))
    expect(diameter(topology)).toBe(5)
    const { missed, messages, lastMs } = measureWorkload(1, topology)
    expect(missed).toBe(0)
    expect(messages).toBeLessThan(12)
    expect(lastMs).toBeLessThan(600)
  })

  it.each([grid(25), tree(25, 4), line(25), ring(25)])('$name: to the last in no more than the distance takes, and 60 ms', (topology) => {
    const { missed, lastMs } = measureWorkload(1, topology, { seconds: 6 })
    expect(missed).toBe(0)
    expect(lastMs).toBeLessThanOrEqual(100 * diameter(topology) + 60)
  })

  it('a tree of one sender has no longer ways than the shortest, and large payloads go no link in vain', () => {
    const world = new GossipWorld(5, full(12), { latenciesMs: [20, 80] })
    let heard = 0
    world.heard = () => void (heard += 1)
    world.clock.runFor(1_000)
    const say = (times: number, text: string): number => {
      const before = world.payloads
      for (let time = 0; time < times; time += 1) {
        world.say(0, `${time} ${text}`)
        world.clock.runFor(500)
      }
      return (world.payloads - before) / times
    }
    // The first large one: nobody knows the tree yet.
    expect(say(1, 'x'.repeat(4_000))).toBe(11)
    say(10, 'small')
    expect(say(10, 'small')).toBe(11)
    expect(say(5, 'y'.repeat(4_000))).toBe(11)
    expect(heard).toBe(11 * 26)
  })
})
