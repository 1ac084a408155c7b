// P12, the time that healing takes once a fault is detected: a link that ends and a node that crashes, in a random graph of
// 300 nodes with six links of 20 – 84 ms each. For each pair of nodes and each millisecond: does the chain of next hops
// lead from the one to the other?
import { SeededDice } from '@hopmesh/core/testing'
import { quantile, type Bench, type BenchRow } from './bench-row.ts'
import { CountedMesh } from './simulated/counted-mesh.ts'
import { NextHops } from './simulated/next-hops.ts'
import { randomRegularGraph } from './simulated/random-regular-graph.ts'

const count = 300
const degree = 6
const settleMs = 60_000
const watchMs = 10_000
const cuts = 20
const crashes = 5

interface Healing {
  /** For each pair that was ever dark: from the fault to the moment from which on it was not. */
  readonly times: number[]
  neverHealed: number
}

function watch(mesh: CountedMesh, hops: NextHops, into: Healing): void {
  const healedAt = new Map<number, number>()
  for (let ms = 0; ms <= watchMs; ms++) {
    // Events of the simulator fall on whole milliseconds.
    if (ms > 0) mesh.run(1)
    hops.judge((pair, reachable) => {
      if (!reachable) healedAt.set(pair, Number.POSITIVE_INFINITY)
      else if (healedAt.get(pair) === Number.POSITIVE_INFINITY) healedAt.set(pair, ms)
    })
  }
  for (const time of healedAt.values()) {
    if (Number.isFinite(time)) into.times.push(time)
    else into.neverHealed++
  }
}

function row(what: string, { times, neverHealed }: Healing, faults: number): Record<string, string | number> {
  return {
    fault: `${what} (${faults} of them)`,
    'dark pairs a fault': Math.round((times.length + neverHealed) / faults),
    'p50 ms': quantile(times, 0.5),
    'p99 ms (goal ≤ 600)': quantile(times, 0.99),
    'max ms': quantile(times, 1),
    'not healed': neverHealed,
  }
}

function healing(): void {
  const dice = new SeededDice('healing')
  const edges = randomRegularGraph(count, degree, dice)
  const mesh = CountedMesh.regular(1, edges, count)
  mesh.run(2 * settleMs)
  const hops = new NextHops(mesh)
  const cut: Healing = { times: [], neverHealed: 0 }
  for (let fault = 0; fault < cuts; fault++) {
    const edge = dice.pick(edges)
    mesh.cut(edge)
    watch(mesh, hops, cut)
    mesh.link(edge)
    mesh.run(settleMs)
    hops.judge(() => {})
  }
  const crash: Healing = { times: [], neverHealed: 0 }
  for (let fault = 0; fault < crashes; fault++) {
    const victim = fault * 7
    mesh.crash(victim, edges)
    hops.died(victim)
    watch(mesh, hops, crash)
    mesh.run(settleMs)
    hops.judge(() => {})
  }
  console.log(`\nHealing after detection, ${count} nodes, ${count * (count - 1)} pairs, forwarding loops seen: ${hops.loops}`)
  console.table([row('link cut', cut, cuts), row('crash', crash, crashes)])
}

export const healingBench: Bench = {
  name: 'healing',
  run(): Promise<BenchRow[]> {
    healing()
    return Promise.resolve([])
  },
}
