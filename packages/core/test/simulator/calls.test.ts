import { describe, expect, it } from 'vitest'
import { runCallsScenario } from '../../src/testing/simulator/calls-scenario.ts'

describe('members that call each other while everything breaks', () => {
  it(
    'PN-09 ALN-18 every call settles in time, none that is not idempotent is executed twice: 4 seeds of faults, reloads and crashes',
    { timeout: 60_000 },
    async () => {
      let [answers, unknown, fed] = [0, 0, 0]
      for (let seed = 1; seed <= 4; seed += 1) {
        const outcome = await runCallsScenario(seed)
        expect(Math.min(outcome.calls, outcome.executed, outcome.routeChanges), `seed ${seed}`).toBeGreaterThan(0)
        answers += outcome.answers
        unknown += outcome.unknown
        fed += outcome.fed
      }
      expect(answers).toBeGreaterThan(50)
      expect(unknown).toBeGreaterThan(2)
      expect(fed).toBeGreaterThan(1_000)
    },
  )

  it.each([34, 102])(
    'found: in seed %i a provider gave up a call while its caller slept, and nobody told the caller',
    { timeout: 60_000 },
    async (seed) => {
      expect((await runCallsScenario(seed)).fed).toBeGreaterThan(0)
    },
  )

  it('the same seed is the same history', { timeout: 60_000 }, async () => {
    expect(await runCallsScenario(7)).toEqual(await runCallsScenario(7))
  })
})
