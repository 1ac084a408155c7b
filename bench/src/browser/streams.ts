// P4: what `mesh.stream` carries from tab to tab over a direct link, sealed and repeated from end to end, beside a data channel
// as the browser has it, PeerJS and Trystero, which do neither. Tabs of one headless Chromium, pieces of 16 KiB, in turn.
import { sampleRow, type Bench, type BenchRow } from '../bench-row.ts'
import type { Sample } from '../pipelined.ts'
import type { BrowserTabs } from './browser-tabs.ts'
import { withCarriers, type Carrier } from './carriers.ts'

const rounds = Number(process.env['ROUNDS'] ?? 7)
const megabytes = Number(process.env['MEGABYTES'] ?? 48)
const goals: Readonly<Record<string, number>> = { 'raw RTCDataChannel': 0.85, PeerJS: 1.3, Trystero: 1.15 }

async function sample(tabs: BrowserTabs, carrier: Carrier): Promise<Sample> {
  const bytes = megabytes * 1_048_576
  const before = await tabs.cpuMicros()
  const ms = await carrier.send(bytes)
  return { packetsPerSecond: bytes / ms / 1_000, cpuMicros: ((await tabs.cpuMicros()) - before) / (bytes / 16_384) }
}

/** The first round warms up. */
async function measure(tabs: BrowserTabs, carriers: readonly Carrier[]): Promise<Map<string, Sample[]>> {
  const samples = new Map<string, Sample[]>(carriers.map(({ name }) => [name, []]))
  for (let round = 0; round <= rounds; round += 1) {
    for (const carrier of carriers) {
      const taken = await sample(tabs, carrier)
      if (round > 0) samples.get(carrier.name)?.push(taken)
    }
  }
  return samples
}

async function run(): Promise<BenchRow[]> {
  const samples = await withCarriers(({ carriers }, tabs) => measure(tabs, carriers))
  const ours = samples.get('hopmesh') ?? []
  samples.delete('hopmesh')
  const work = `direct WebRTC, 16 KiB pieces, ${megabytes} MiB: MB/s`
  return [...samples].map(([peerName, peer]) => sampleRow({ id: 'P4', work, peerName, goal: goals[peerName] ?? 1 }, ours, peer))
}

export const browserStreamsBench: Bench = { name: 'p4', run }
