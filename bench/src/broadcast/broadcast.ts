// P7: what is said to 20 nodes of one process, beside gossipsub on the same graph. And in the simulator: payloads more than needed,
// and the time to the last, at rest, while nodes come and go, and after a fifth of them is gone and nobody noticed.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  diameter,
  grid,
  line,
  measureChurn,
  measureSteady,
  measureUndetectedKill,
  measureWorkload,
  randomRegular,
  ring,
  SeededDice,
  tree,
  type BroadcastMeasure,
} from '@hopmesh/core/testing'
import { quantile, type Bench, type BenchRow } from '../bench-row.ts'
import { installPeer } from '../peer-packages.ts'
import { randomRegularGraph } from '../simulated/random-regular-graph.ts'
import { meshBroadcasts, type BroadcastResult, type BroadcastWork } from './mesh-broadcasts.ts'

const count = 20
const rounds = 3

async function run(): Promise<BenchRow[]> {
  simulated()
  const peer = await installPeer('gossipsub')
  const [ours, theirs]: [BroadcastResult[], BroadcastResult[]] = [[], []]
  for (let round = 0; round < rounds; round += 1) {
    const edges = randomRegularGraph(count, 6, new SeededDice(round))
    const work: BroadcastWork = { edges, count, warmUp: 20, publications: 30, bytes: 100, everyMs: 250 }
    ours.push(await meshBroadcasts(work))
    if (peer) theirs.push(await gossipsub(peer, work))
  }
  const minimum = count - 1
  const table = [['hopmesh', ours] as const, ['gossipsub', theirs] as const].map(([what, results]) => ({
    what,
    'sends a broadcast': quantile(
      results.map(({ sends }) => sends),
      0.5,
    ).toFixed(1),
    'beside the least': (
      quantile(
        results.map(({ sends }) => sends),
        0.5,
      ) / minimum
    ).toFixed(2),
    'to the last, p50 ms': quantile(
      results.flatMap(({ lastMs }) => lastMs),
      0.5,
    ).toFixed(1),
    'p99 ms': quantile(
      results.flatMap(({ lastMs }) => lastMs),
      0.99,
    ).toFixed(1),
  }))
  console.log(`P7: 100 bytes to ${count} nodes of one process, 60 links in memory; goal: ≤ 1.2 × the least, last delivery no later`)
  console.table(table)
  return []
}

async function gossipsub(peer: URL, work: BroadcastWork): Promise<BroadcastResult> {
  const script = fileURLToPath(new URL('broadcast.mjs', peer))
  const { stdout } = await promisify(execFile)(process.execPath, [script, JSON.stringify(work)], { timeout: 120_000 })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as BroadcastResult
}

function simulated(): void {
  const nodes = Number(process.env['BROADCAST_NODES'] ?? 1_000)
  const seeds = Number(process.env['BROADCAST_SEEDS'] ?? 5)
  const rows = [
    row(`${nodes} nodes at rest, one broadcast a second`, 'redundancy ≤ 0.05', [measureSteady(1, nodes)]),
    row(
      `${nodes} nodes, 20 % gone unnoticed, ${seeds} seeds`,
      'all within 2 000 ms',
      Array.from({ length: seeds }, (_, seed) => measureUndetectedKill(seed + 1, nodes)),
    ),
    row('200 nodes, 20 % of them others each minute', 'redundancy ≤ 1', [measureChurn(1, 200)]),
    row(
      '30 random graphs of 25 nodes, 100 ms, 100 operations a second, half of them reads, for 20 s',
      '< 12 messages, < 600 ms',
      Array.from({ length: 30 }, (_, graph) => measureWorkload(graph + 1, randomRegular(25, 4, new SeededDice(graph + 1)))),
    ),
    ...[grid(25), tree(25, 4), line(25), ring(25)].map((topology) =>
      row(`the same: ${topology.name}`, `${100 * diameter(topology)} ms by distance`, [measureWorkload(1, topology)]),
    ),
  ]
  console.table(rows)
}

function row(what: string, goal: string, measures: readonly BroadcastMeasure[]): Record<string, string | number> {
  const most = (pick: (measure: BroadcastMeasure) => number): number => Math.max(...measures.map(pick))
  return {
    what,
    missed: most(({ missed }) => missed),
    redundancy: most(({ redundancy }) => redundancy).toFixed(3),
    'to the last, ms': Math.round(most(({ lastMs }) => lastMs)),
    messages: most(({ messages }) => messages).toFixed(1),
    goal,
  }
}

export const broadcastBench: Bench = { name: 'p7', run }
