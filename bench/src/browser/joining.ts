// P6: how long a page takes to join, and to have a direct link to another tab that is there already, beside PeerJS and Trystero.
// Everything is on one machine: the relay, PeerServer, the relay of topics. The libraries are loaded before the clock starts.
import { benchRow, quantile, type Bench, type BenchRow } from '../bench-row.ts'
import { withCarriers, type Joined, type Joiner } from './carriers.ts'

const rounds = Number(process.env['JOINS'] ?? 15)

/** A round of joins by each in turn; the first one warms up. */
async function measure(joiners: readonly Joiner[]): Promise<Map<string, Joined[]>> {
  const joined = new Map<string, Joined[]>(joiners.map(({ name }) => [name, []]))
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name, join } of joiners) {
      const taken = await join()
      if (round > 0) joined.get(name)?.push(taken)
    }
  }
  return joined
}

/** As rates, of which more is better. */
function perSecond(joined: readonly Joined[], what: keyof Joined): number[] {
  return joined.map((taken) => 1_000 / taken[what])
}

function report(joined: ReadonlyMap<string, readonly Joined[]>): void {
  for (const [name, taken] of joined) {
    const median = (what: keyof Joined): string =>
      `${quantile(
        taken.map((one) => one[what]),
        0.5,
      ).toFixed(0)} ms`
    console.log(`${name}: online after ${median('online')}, direct link after ${median('direct')}`)
  }
}

function rowsOf(joined: ReadonlyMap<string, readonly Joined[]>): BenchRow[] {
  const [ours = [], peerJs, trystero] = ['hopmesh', 'PeerJS', 'Trystero'].map((name) => joined.get(name))
  const rows: BenchRow[] = []
  const add = (
    work: string,
    what: keyof Joined,
    [peerName, peer, goal]: readonly [string, readonly Joined[] | undefined, number],
  ): void => {
    if (peer) rows.push(benchRow({ id: 'P6', work, peerName, goal }, perSecond(ours, what), perSecond(peer, what)))
  }
  add('page to online, a second', 'online', ['PeerJS', peerJs, 2])
  add('page to a direct link, a second', 'direct', ['PeerJS', peerJs, 1])
  add('page to a direct link, a second', 'direct', ['Trystero', trystero, 3])
  return rows
}

async function run(): Promise<BenchRow[]> {
  const joined = await withCarriers(({ joiners }) => measure(joiners))
  report(joined)
  return rowsOf(joined)
}

export const joiningBench: Bench = { name: 'p6', run }
