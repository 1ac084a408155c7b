import { describe, expect, it } from 'vitest'
import { runFaultScenario } from '../../src/testing/simulator/fault-scenario.ts'
import { ScenarioFailure } from '../../src/testing/simulator/scenario-outcome.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { RoutedWorld } from '../../src/testing/simulator/routed-world.ts'
import { shrinkFaults } from '../../src/testing/simulator/shrink.ts'
import { line, ring, type Topology } from '../../src/testing/simulator/topology.ts'
import { strikeWorld, type WorldFault } from '../../src/testing/simulator/world-faults.ts'

describe('worlds of faults', () => {
  it('PP-28 a seed is one history, whether it is recorded or not; another seed is another one', () => {
    const recorded = runFaultScenario(7, { recorded: true })
    expect(runFaultScenario(7, { recorded: true })).toEqual(recorded)
    expect(runFaultScenario(7)).toEqual({ ...recorded, digest: '' })
    expect(runFaultScenario(8, { recorded: true }).digest).not.toBe(recorded.digest)
    expect(recorded.digest).toMatch(/^[0-9a-f]{32}$/)
  })

  it('PP-28 odd seeds have 8 nodes, even ones 20, and in each of them something happens', () => {
    for (let seed = 1; seed <= 24; seed += 1) {
      const { drawn, deliveries, routeChanges, faults, checks, packetsArrived } = runFaultScenario(seed)
      expect(drawn).toContain(seed % 2 === 0 ? ' of 20,' : ' of 8,')
      expect(Math.min(deliveries, routeChanges, checks, packetsArrived), `seed ${seed}`).toBeGreaterThan(0)
      expect(faults).toBe(25)
    }
  })

  it('PP-28 a fault that is left out leaves the others as they were', () => {
    expect(runFaultScenario(7, { without: new Set([25]), recorded: true }).digest).not.toBe(runFaultScenario(7, { recorded: true }).digest)
    const none = new Set(Array.from({ length: 25 }, (_, place) => place + 1))
    expect(runFaultScenario(7, { without: none }).packetsSent).toBeGreaterThan(0)
    expect(shrinkFaults(7)).toBeUndefined()
  })

  it('PP-28 faults of one’s own happen where they are told to, in the same way each time', () => {
    const faults = [{ kind: 'clock back', node: 3, awayMs: 700 }, { kind: 'one-way cut', from: 2, to: 1 }, { kind: 'lie' }] as const
    const history = (seed: number): readonly string[] => {
      const world = new RoutedWorld(seed, line(5), { liars: new Set([4]) })
      world.startAll()
      world.run(2_000)
      return faults.map((fault) => strikeWorld(world, new SeededDice(seed), fault))
    }
    expect(history(1)).toEqual([
      expect.stringMatching(/^clock back 3 (un)?told, back in 700 ms$/),
      'one-way cut 2 > 1',
      expect.stringMatching(/^lie ./),
    ])
    expect(history(1)).toEqual(history(1))
    const digest = runFaultScenario(9, { topology: line(5), faults, recorded: true }).digest
    expect(runFaultScenario(9, { topology: line(5), faults, recorded: true }).digest).toBe(digest)
    expect(runFaultScenario(9, { topology: line(5), faults: faults.slice(1), recorded: true }).digest).not.toBe(digest)
    expect(runFaultScenario(9, { topology: ring(5), faults, recorded: true }).drawn).toContain('ring of 5')
    expect(runFaultScenario(9, { kinds: ['cut', 'heal'] }).drawn).toMatch(/: cut, heal$/)
  })

  it('PP-28 a topology and a fault that cannot be are refused in words', () => {
    const broken = (edges: Topology['edges']) => () => new RoutedWorld(1, { name: 'mine', nodes: 3, edges, relays: new Set() })
    expect(broken([[0, 3]])).toThrow('mine: a link from 0 to 3, and nodes are 0 to 2')
    expect(
      broken([
        [0, 1],
        [1, 0],
      ]),
    ).toThrow('mine: the link from 1 to 0 is there twice')
    const world = new RoutedWorld(1, line(3))
    const strike = (fault: object) => () => strikeWorld(world, new SeededDice(1), fault as WorldFault)
    expect(strike({ kind: 'cutt' })).toThrow(/^there is no fault 'cutt'; there are cut, silent cut/)
    expect(strike({ kind: 'cut', from: 0, to: 2 })).toThrow('cut: line of 3 has no link from 0 to 2')
    expect(strike({ kind: 'crash', node: 3 })).toThrow('crash: 3 is no node of line of 3')
  })

  it('PP-28 R13 in a chain that is longer than packets go, who is within reach is reached', () => {
    expect(runFaultScenario(11, { topology: line(40), kinds: ['cut', 'crash', 'heal'] }).packetsArrived).toBeGreaterThan(0)
  })

  it('PP-28 a failure names its seed, what it drew and what happened', () => {
    const failure = new ScenarioFailure(7, 'ring of 8: I1: a circle', { clock: { now: () => 12 }, history: () => ['5 ms: cut'] } as never)
    expect(failure.message).toBe('seed 7 at 12 ms: ring of 8: I1: a circle')
    expect(failure.history).toEqual(['5 ms: cut'])
  })
})
