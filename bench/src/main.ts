// `pnpm bench [p1 p2 …]`: runs the named benches, or all, and prints one table of ratios.
import { joiningBench } from './browser/joining.ts'
import { browserStreamsBench } from './browser/streams.ts'
import { broadcastBench } from './broadcast/broadcast.ts'
import { codecBench } from './codec.ts'
import { floodBench } from './flood/flood.ts'
import { handshakeBench } from './handshake.ts'
import { healingBench } from './healing.ts'
import { leavesBench } from './leaves/leaves.ts'
import { kissBench } from './kiss-forwarding.ts'
import { memoryBench } from './memory/memory.ts'
import { routingCostBench } from './routing-cost.ts'
import { sealingBench } from './sealing.ts'
import { websocketBench } from './websocket-forwarding.ts'
import type { Bench, BenchRow } from './bench-row.ts'

const benches: readonly Bench[] = [
  codecBench,
  websocketBench,
  kissBench,
  browserStreamsBench,
  joiningBench,
  broadcastBench,
  routingCostBench,
  healingBench,
  memoryBench,
  leavesBench,
  floodBench,
  handshakeBench,
  sealingBench,
]

function line(row: BenchRow): Record<string, string> {
  return {
    id: row.id,
    work: row.work,
    ours: Math.round(row.ours).toLocaleString('en'),
    peer: `${Math.round(row.peer).toLocaleString('en')} ${row.peerName}`,
    ratio: row.ratio.toFixed(2),
    goal: `≥ ${row.goal}`,
    met: row.ratio >= row.goal ? 'yes' : 'no',
    CPU: row.cpuRatio === undefined ? '' : row.cpuRatio.toFixed(2),
    noise: `± ${(row.noise * 100).toFixed(0)} %`,
  }
}

const wanted = process.argv.slice(2)
const chosen = wanted.length === 0 ? benches : benches.filter(({ name }) => wanted.includes(name))
if (chosen.length === 0) {
  console.error(`Benches: ${benches.map(({ name }) => name).join(', ')}`)
  process.exitCode = 1
}
const rows: BenchRow[] = []
for (const bench of chosen) rows.push(...(await bench.run()))
if (rows.length > 0) console.table(rows.map(line))
