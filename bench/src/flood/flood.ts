// Bad input over real sockets: two members exchange packets through a relay while a third neighbour does its worst. How
// much still arrives, at full speed and at a quarter of it? Printed only: a time is never a reason to fail.
import { fileURLToPath } from 'node:url'
import { quantile, type Bench, type BenchRow } from '../bench-row.ts'
import { ServerProcess } from '../child-process.ts'
import { MeshLane, relayScript } from '../mesh-lane.ts'
import { paced, pipelined } from '../pipelined.ts'

const attackerScript = fileURLToPath(new URL('attacker.js', import.meta.url))
const kinds = {
  noise: 'plain TCP, noise',
  routes: 'plain TCP, routes to made-up names',
  json: 'plain WebSocket, packets to nowhere',
  packets: 'capable, packets to nowhere',
  lies: 'capable, forged routes',
} as const
const size = 1_024
const window = 512
const rounds = 5
const durationMs = 500

async function underAttack(kind: keyof typeof kinds): Promise<Record<string, string | number>> {
  const relay = await ServerProcess.start(relayScript, ['relay', '--port', '0', '--tcp', '0', '--aln', '--network', 'bench', '--json'])
  const attacker = await ServerProcess.start(attackerScript, [kind, relay.ready.ws ?? '', relay.ready.tcp ?? ''])
  const lane = await MeshLane.open(relay.ready.ws ?? '', size)
  const shares: number[] = []
  const pacedShares: number[] = []
  let lost = 0
  let refused = 0
  try {
    await pipelined(lane, { window, durationMs })
    for (let round = 0; round < rounds; round++) {
      const alone = await pipelined(lane, { window, durationMs })
      const perSecond = alone.packetsPerSecond / 4
      const pacedAlone = await paced(lane, { perSecond, durationMs })
      attacker.tell('on')
      await new Promise((resolve) => setTimeout(resolve, 200))
      const attacked = await pipelined(lane, { window, durationMs })
      const pacedAttacked = await paced(lane, { perSecond, durationMs })
      attacker.tell('off')
      shares.push(attacked.packetsPerSecond / alone.packetsPerSecond)
      pacedShares.push(pacedAttacked.packetsPerSecond / pacedAlone.packetsPerSecond)
      lost += attacked.lost + pacedAttacked.lost
      refused += pacedAttacked.refused
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    await lane.close()
  } finally {
    await Promise.all([relay.stop(), attacker.stop()])
  }
  const percent = (values: readonly number[]): string => {
    const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => (quantile(values, share) * 100).toFixed(0))
    return `${middle} % (${low} … ${high})`
  }
  return {
    neighbour: kinds[kind],
    'a quarter of full speed (goal ≥ 95 %)': percent(pacedShares),
    'full speed': percent(shares),
    lost,
    refused,
  }
}

async function flood(): Promise<BenchRow[]> {
  const rows: Record<string, string | number>[] = []
  for (const kind of Object.keys(kinds) as (keyof typeof kinds)[]) rows.push(await underAttack(kind))
  console.log('\nWhat of its throughput another link keeps beside a hostile neighbour of the same relay, 1 KiB packets (median, quartiles)')
  console.table(rows)
  return []
}

export const floodBench: Bench = { name: 'flood', run: flood }
