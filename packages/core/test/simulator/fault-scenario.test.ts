import { describe, expect, it } from 'vitest'
import { runFaultScenario } from '../../src/testing/simulator/fault-scenario.ts'
import { ScenarioFailure } from '../../src/testing/simulator/scenario-outcome.ts'
import { shrinkFaults } from '../../src/testing/simulator/shrink.ts'

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

  it('PP-28 a failure names its seed, what it drew and what happened', () => {
    const failure = new ScenarioFailure(7, 'ring of 8: I1: a circle', { clock: { now: () => 12 }, history: () => ['5 ms: cut'] } as never)
    expect(failure.message).toBe('seed 7 at 12 ms: ring of 8: I1: a circle')
    expect(failure.history).toEqual(['5 ms: cut'])
  })
})
