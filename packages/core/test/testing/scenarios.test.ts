import { describe, expect, it } from 'vitest'
import { runMeshScenario } from '../../src/testing/simulator/mesh-scenario.ts'
import { runRoutingScenario } from '../../src/testing/simulator/routing-scenario.ts'
import type { ScenarioFailure } from '../../src/testing/simulator/scenario-outcome.ts'

describe('simulated worlds', () => {
  it('ALN-42 seed 7 is the same run twice, seed 8 is another', async () => {
    expect(runRoutingScenario(7)).toEqual(runRoutingScenario(7))
    expect(runRoutingScenario(8).digest).not.toBe(runRoutingScenario(7).digest)
    expect(await runMeshScenario(7)).toEqual(await runMeshScenario(7))
    expect((await runMeshScenario(8)).digest).not.toBe((await runMeshScenario(7)).digest)
  })

  it('ALN-42 routers find each other after any faults: 50 seeds', () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const { deliveries, routeChanges, answers } = runRoutingScenario(seed)
      expect(Math.min(deliveries, routeChanges), `seed ${seed}`).toBeGreaterThan(0)
      expect(answers, `seed ${seed}`).toBeGreaterThanOrEqual(0)
    }
  })

  it('ALN-42 members find each other after any faults: 10 seeds', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const { deliveries, routeChanges, answers } = await runMeshScenario(seed)
      expect(Math.min(deliveries, routeChanges, answers), `seed ${seed}`).toBeGreaterThan(0)
    }
  })

  it('SE4 ALN-01 also when two of them begin with one address, and each time that one of these comes back: 5 seeds', async () => {
    for (let seed = 1; seed <= 5; seed += 1) {
      const { deliveries, answers } = await runMeshScenario(seed, { twins: true })
      expect(Math.min(deliveries, answers), `seed ${seed}`).toBeGreaterThan(0)
    }
  })

  it('ALN-42 seeds that found mistakes: 1462 and 6349, a proof that came too late cost the route', () => {
    for (const seed of [1462, 6349]) expect(runRoutingScenario(seed).routeChanges).toBeGreaterThan(0)
  })

  it('ALN-42 a world that had no time to heal fails, and the failure names its seed and its history', () => {
    const failures: ScenarioFailure[] = []
    for (let seed = 1; seed <= 10; seed += 1) {
      try {
        runRoutingScenario(seed, { healingMs: 0 })
      } catch (error) {
        failures.push(error as ScenarioFailure)
        expect((error as ScenarioFailure).message).toMatch(new RegExp(`^seed ${seed} at \\d+ ms: .`))
      }
    }
    expect(failures.length).toBeGreaterThan(0)
    expect(failures[0]?.history.at(-1)).toMatch(/ms: /)
  })
})
