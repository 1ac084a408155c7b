import { describe, expect, it } from 'vitest'
import { runLettersScenario } from '../../src/testing/simulator/letters-scenario.ts'

describe('members that write to each other while everything breaks', () => {
  it('PP-11 PY-16 PP-19 nothing is lost and nothing comes twice: 15 seeds, partitions, reloads and crashes in each', async () => {
    let [delivered, stored] = [0, 0]
    for (let seed = 1; seed <= 15; seed += 1) {
      const outcome = await runLettersScenario(seed)
      expect(Math.min(outcome.partitions - 2, outcome.answers, outcome.routeChanges), `seed ${seed}`).toBeGreaterThan(0)
      delivered += outcome.delivered
      stored += outcome.stored
    }
    expect(Math.min(delivered, stored)).toBeGreaterThan(50)
  })

  it('with 20 members, too, and the same seed is the same history', async () => {
    const outcome = await runLettersScenario(25)
    expect(outcome.delivered + outcome.stored).toBeGreaterThan(10)
    expect(await runLettersScenario(7)).toEqual(await runLettersScenario(7))
  })
})
