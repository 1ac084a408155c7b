import { describe, expect, it } from 'vitest'
import { runPlainEdgeScenario, type PlainEdgeOutcome } from '../../src/testing/simulator/plain-edge-scenario.ts'
import type { ScenarioFailure } from '../../src/testing/simulator/scenario-outcome.ts'

function run(
  seeds: number,
  options: { faults?: number; chained?: boolean } = {},
): { pairsOk: number; pairsDark: number; dark: string[]; busiest: number } {
  const outcomes: PlainEdgeOutcome[] = []
  for (let seed = 1; seed <= seeds; seed += 1) outcomes.push(runPlainEdgeScenario(seed, options))
  for (const { seed, deliveries, routeChanges } of outcomes) expect(Math.min(deliveries, routeChanges), `seed ${seed}`).toBeGreaterThan(0)
  return {
    pairsOk: outcomes.reduce((sum, { pairsOk }) => sum + pairsOk, 0),
    pairsDark: outcomes.reduce((sum, { pairsDark }) => sum + pairsDark, 0),
    dark: outcomes.flatMap(({ seed, dark }) => dark.map((pair) => `seed ${seed}: ${pair}`)),
    busiest: Math.max(...outcomes.map(({ packetsPerSecond }) => packetsPerSecond)),
  }
}

describe('a mesh with plain routers at its edge (models of the Python, Node.js and Go ones)', () => {
  it('ALN-25 ALN-06 without faults each pair reaches each other, whoever has two gateways: 40 seeds', { timeout: 60_000 }, () => {
    const { pairsOk, dark, busiest } = run(40, { faults: 0 })
    console.log(
      `plain edge, no faults: ${pairsOk} pairs ok, ${dark.length} dark, ${busiest.toFixed(1)} packets a second at the busiest rest`,
    )
    expect(dark).toEqual([])
    expect(pairsOk).toBeGreaterThan(1_000)
  })

  it(
    'ALN-05 ALN-26 after six faults 99.9 % of the pairs, no storm, and nobody is seen who is gone: 160 seeds',
    { timeout: 120_000 },
    () => {
      const { pairsOk, pairsDark, dark, busiest } = run(160, { chained: false })
      console.log(
        `plain edge, six faults: ${pairsOk} pairs ok, ${pairsDark} dark, ${busiest.toFixed(1)} packets a second at the busiest rest`,
      )
      expect(pairsDark / (pairsOk + pairsDark), dark.join(', ')).toBeLessThanOrEqual(0.001)
    },
  )

  it('ALN-25 plain nodes that are linked with each other make no storm and no loop through ours: 40 seeds', { timeout: 60_000 }, () => {
    const { pairsOk, pairsDark, dark } = run(40, { chained: true })
    console.log(`plain edge with plain links, six faults: ${pairsOk} pairs ok, ${pairsDark} dark`)
    expect(pairsDark / (pairsOk + pairsDark), dark.join(', ')).toBeLessThanOrEqual(0.001)
  })

  it.each([
    ['9062: a gateway restarts after the other one has lost a Node.js router', 9_062, undefined],
    ['20255: while that happens, half of the network is out of reach', 20_255, undefined],
    ['60233: nobody knows any more that there was another gateway', 60_233, false],
    ['20249: what is left to a Node.js router is a way through another plain one', 20_249, undefined],
    ['70521: … through a Go router', 70_521, true],
    ['70936: … that it came to after its gateway had lost it', 70_936, true],
    ['210920: … which leads to the same gateway', 210_920, true],
    ['300150: a Node.js router has lost a gateway and forgotten that it was one, but not what that one told', 300_150, undefined],
    ['302206: the gateway that it lost was out of reach for the other one', 302_206, undefined],
    ['302907: … and told it something meanwhile', 302_907, undefined],
    ['510077: a way through a plain neighbour was not taken while the gateway was there', 510_077, true],
  ])('ALN-05 found: seed %s', (_, seed, chained) => {
    expect(runPlainEdgeScenario(seed, { chained }).dark).toEqual([])
  })

  it('ALN-42 a seed of the plain edge is the same run twice', () => {
    expect(runPlainEdgeScenario(7)).toEqual(runPlainEdgeScenario(7))
    expect(runPlainEdgeScenario(8).digest).not.toBe(runPlainEdgeScenario(7).digest)
  })

  it('a world that had no time to heal has dark pairs or fails', () => {
    let dark = 0
    for (let seed = 1; seed <= 20; seed += 1) {
      try {
        dark += runPlainEdgeScenario(seed, { faults: 12, healingMs: 0 }).pairsDark
      } catch (error) {
        expect((error as ScenarioFailure).message).toMatch(/^seed \d+ at \d+ ms: ./)
        dark += 1
      }
    }
    expect(dark).toBeGreaterThan(0)
  })
})
