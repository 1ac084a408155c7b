// P9: a relay with thousands of members over real WebSockets, beside a bare `ws` server with as many connections: what each
// further one takes, and what all of them cost at rest. Servers and crowds are processes of their own; cryptography is real.
import { fileURLToPath } from 'node:url'
import type { Bench, BenchRow } from '../bench-row.ts'
import { ServerProcess } from '../child-process.ts'
import type { HeldBytes } from './held-bytes.ts'

const script = (name: string): string => fileURLToPath(new URL(`${name}.js`, import.meta.url))
const counts = (process.env['LEAVES'] ?? '1000,2500,5000').split(',').map(Number)
const restMs = Number(process.env['REST_MS'] ?? 120_000)
/** The first ones warm the server up. */
const warmUp = 100
const settleWithinMs = 120_000

interface Held extends HeldBytes {
  readonly members: number
}

interface Crowded {
  readonly steps: readonly Held[]
  /** Seconds of a core per second, while nothing happens. */
  readonly restCpu: number
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

async function crowded(server: string, kind: 'members' | 'sockets'): Promise<Crowded> {
  const node = await ServerProcess.start(script(server), [], ['--expose-gc'])
  const crowd = await ServerProcess.start(script('crowd'), [kind, node.ready.ws ?? ''])
  const steps: Held[] = []
  try {
    for (const count of [warmUp, ...counts]) {
      await crowd.ask(String(count))
      const late = performance.now() + settleWithinMs
      let held: Held
      do {
        await pause(3_000)
        held = JSON.parse(await node.ask('held')) as Held
        if (performance.now() > late) throw new Error(`${held.members} of ${count} stay with ${server}`)
        // On a busy machine some are on their way back at any time.
      } while (held.members < count * 0.99)
      steps.push(held)
      console.log(`  ${server}: ${count}`)
    }
    await pause(60_000)
    const [startedAt, before] = [performance.now(), node.cpuSeconds() ?? Number.NaN]
    await pause(restMs)
    const restCpu = ((node.cpuSeconds() ?? Number.NaN) - before) / ((performance.now() - startedAt) / 1_000)
    return { steps, restCpu }
  } finally {
    await Promise.all([crowd.stop(), node.stop()])
  }
}

export const leavesBench: Bench = {
  name: 'p9',
  async run(): Promise<BenchRow[]> {
    console.log('\nP9: a relay and its members, over WebSocket')
    const bare = await crowded('bare-ws-holder', 'sockets')
    const ours = await crowded('relay-under-test', 'members')
    const each = ({ steps }: Crowded, at: number, what: keyof HeldBytes): number =>
      (steps[at]![what] - steps[at - 1]![what]) / (steps[at]!.members - steps[at - 1]!.members)
    console.table(
      counts.map((count, at) => ({
        members: count,
        'heap and buffers, MB': (ours.steps[at + 1]!.heapBytes / 1e6).toFixed(1),
        'each further, B': Math.round(each(ours, at + 1, 'heapBytes')),
        'of bare ws': Math.round(each(bare, at + 1, 'heapBytes')),
        'resident, MB': (ours.steps[at + 1]!.residentBytes / 1e6).toFixed(1),
        'of bare ws, MB': (bare.steps[at + 1]!.residentBytes / 1e6).toFixed(1),
      })),
    )
    const last = counts.length
    const ratio = (what: keyof HeldBytes): string => (ours.steps[last]![what] / bare.steps[last]![what]).toFixed(2)
    console.log(
      `  all of ${counts.at(-1)}: heap and buffers ${ratio('heapBytes')} × bare ws, resident ${ratio('residentBytes')} × (goal ≤ 1.5)`,
    )
    console.log(`  at rest: ${(ours.restCpu * 100).toFixed(1)} % of a core (goal < 3 %); bare ws ${(bare.restCpu * 100).toFixed(1)} %`)
    return []
  },
}
