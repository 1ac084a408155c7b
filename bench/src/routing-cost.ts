// P12: what routing says at rest and for each change, per node, in simulated meshes of our routers: random graphs in which
// each node has six links of 20 – 84 ms. Bytes are those of link frames.
import { SeededDice } from '@hopmesh/core/testing'
import type { Bench, BenchRow } from './bench-row.ts'
import { leafCost } from './simulated/leaf-cost.ts'
import { CountedMesh } from './simulated/counted-mesh.ts'
import type { Sent } from './simulated/counted-channel.ts'
import { randomRegularGraph } from './simulated/random-regular-graph.ts'

const sizes = [10, 100, 1_000] as const
const degree = 6
const seed = 1
/** Until everybody knows everybody. */
const bootMs = 40_000
/** In which a change has spread everywhere. */
const changeMs = 15_000
const restMs = 60_000
/** Changes of each kind, whose mean is shown. */
const changes = 3

interface Cost {
  readonly entries: number
  readonly bytes: number
}

/** Per node that was there before; what keeps links alive is not counted. */
function costOf(sent: readonly Sent[], nodes: number): Cost {
  const sum = (what: (one: Sent) => number): number => sent.slice(0, nodes).reduce((total, one) => total + what(one), 0) / nodes
  return { entries: sum(({ entries }) => entries), bytes: sum(({ bytes, aliveBytes }) => bytes - aliveBytes) }
}

function mean(costs: readonly Cost[]): Cost {
  const of = (what: (cost: Cost) => number): number => costs.reduce((sum, cost) => sum + what(cost), 0) / costs.length
  return { entries: of(({ entries }) => entries), bytes: of(({ bytes }) => bytes) }
}

const shown = ({ entries, bytes }: Cost): string => `${entries.toFixed(1)} / ${Math.round(bytes).toLocaleString('en')} B`

function measure(count: number): Record<string, string | number> {
  const dice = new SeededDice(`p12 ${count}`)
  const edges = randomRegularGraph(count, degree, dice)
  const mesh = CountedMesh.regular(seed, edges, count)
  const boot = costOf(mesh.listen(bootMs), count)
  const rest = mesh.listen(restMs)
  const restBytes = rest.reduce((sum, { bytes }) => sum + bytes, 0)
  const spoken = rest.reduce((sum, { entries, dumps }) => sum + entries + dumps, 0)
  const cuts: Cost[] = []
  const joins: Cost[] = []
  const newcomers: number[] = []
  const crashes: Cost[] = []
  for (let change = 0; change < changes; change++) {
    const edge = dice.pick(edges)
    mesh.cut(edge)
    cuts.push(costOf(mesh.listen(changeMs), count))
    mesh.link(edge)
    mesh.run(changeMs)
    const newcomer = mesh.add('member')
    const links = [...new Set(Array.from({ length: 50 }, () => dice.between(0, count - 1)))]
      .slice(0, degree)
      .map((at) => [newcomer, at] as const)
    for (const link of links) mesh.link(link)
    const sent = mesh.listen(changeMs)
    joins.push(costOf(sent, count))
    newcomers.push(sent[newcomer]!.bytes)
    mesh.crash(newcomer, links)
    crashes.push(costOf(mesh.listen(changeMs), count))
  }
  return {
    'boot, entries / bytes a node': shown(boot),
    'at rest, B a node and minute': Math.round(restBytes / count),
    'B/s a link (goal ≤ 20)': (restBytes / edges.length / (restMs / 1_000)).toFixed(1),
    'rows and dumps at rest': spoken,
    'join (each other node)': shown(mean(joins)),
    'join (the newcomer says)': `${Math.round(newcomers.reduce((a, b) => a + b, 0) / changes).toLocaleString('en')} B`,
    'link cut (goal ≤ 25 at 1 000)': shown(mean(cuts)),
    crash: shown(mean(crashes)),
  }
}

async function routingCost(): Promise<BenchRow[]> {
  const chosen = process.env['P12_NODES']?.split(',').map(Number) ?? sizes
  console.log('\nA leaf, and a relay with so many other members: bytes to the leaf')
  console.table(
    (process.env['P12_LEAF']?.split(',').map(Number) ?? sizes).map((members) => {
      const { change, restMinute } = leafCost(members)
      return { members, 'a member goes and another comes, B': Math.round(change), 'at rest, B a minute': Math.round(restMinute) }
    }),
  )
  for (const count of chosen) {
    const started = performance.now()
    console.log(`\nRouting in a mesh of ${count} nodes with ${degree} links each`)
    for (const [what, value] of Object.entries(measure(count))) console.log(`  ${what.padEnd(34)} ${value}`)
    console.log(`  (${((performance.now() - started) / 1_000).toFixed(0)} s to find out)`)
  }
  return []
}

export const routingCostBench: Bench = { name: 'p12', run: routingCost }
