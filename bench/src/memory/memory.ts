// What one node keeps. First: a destination that it knows through so many neighbours, its member record included. Then: a relay
// and its leaves, per leaf, as they become more. The node under test is a process of its own; heap and buffers are read
// after its garbage is collected, before and after. Cryptography is the toy port's and costs no memory of its own.
import { memoryChannelPair } from '@hopmesh/core'
import { TcpChannel, TcpHost, nodeClock, type Router } from '@hopmesh/server'
import { fileURLToPath } from 'node:url'
import type { Bench, BenchRow } from '../bench-row.ts'
import { ServerProcess } from '../child-process.ts'
import { benchRouter } from './bench-router.ts'
import type { Held } from './node-under-test.ts'

const script = fileURLToPath(new URL('node-under-test.js', import.meta.url))
const destinations = Number(process.env['DESTINATIONS'] ?? 1_000)
/** The first ones warm the node up, so that what it takes is not taken for code that runs for the first time. */
const warmUp = 100
const linkCounts = (process.env['LINKS'] ?? '1,4,6,16').split(',').map(Number)
/** Compiled code comes and goes: it is no part of what a destination takes. */
const flags = ['--expose-gc', '--jitless', '--no-flush-bytecode']
/** Of routing and of the record. */
const goalBytes = 250 + 250

function join(one: Router, other: Router): void {
  const [dialer, listener] = memoryChannelPair(nodeClock, {})
  one.addChannel(dialer)
  other.addChannel(listener)
}

/** Links are given up by who hears nothing for too long: this process must not join a thousand nodes in one go. */
const breath = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))

async function heldWhen(node: ServerProcess, settled: (held: Held) => boolean): Promise<Held> {
  const late = performance.now() + 300_000
  for (let last = ''; ;) {
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    const held = JSON.parse(await node.ask('held')) as Held
    const now = JSON.stringify([held.destinations, held.links])
    if (settled(held) && now === last) return held
    if (performance.now() > late) throw new Error(`It knows ${held.destinations} destinations over ${held.links} links, and no more come.`)
    last = now
  }
}

/** Relays around one hub; the node under test has a link to each of them, so that each says the same of all behind the hub. */
async function perDestination(neighbours: number): Promise<number> {
  const hub = benchRouter('hub', 'relay')
  const relays = Array.from({ length: neighbours }, (_, at) => benchRouter(`relay ${at}`, 'relay'))
  const hosts = await Promise.all(
    relays.map(async (relay) => {
      join(hub, relay)
      const host = new TcpHost()
      const { port } = await host.listen({ port: 0 }, (channel) => void relay.addChannel(channel))
      return { host, target: `127.0.0.1:${port}` }
    }),
  )
  const node = await ServerProcess.start(
    script,
    hosts.map(({ target }) => target),
    flags,
  )
  try {
    const members: Router[] = []
    /** Routes that may be left for better ones are remembered as long as they waver: some seconds. */
    const heldAtRest = async (count: number): Promise<Held> => {
      await heldBy(count)
      await new Promise((resolve) => setTimeout(resolve, 8_000))
      return heldBy(count)
    }
    const heldBy = async (count: number): Promise<Held> => {
      while (members.length < count) {
        const member = benchRouter(`member ${members.length}`, 'member', true)
        members.push(member)
        join(member, hub)
        await breath()
      }
      return heldWhen(node, (held) => held.destinations === neighbours + 1 + count)
    }
    await heldWhen(node, (held) => held.destinations === neighbours + 1)
    const before = await heldAtRest(warmUp)
    const after = await heldAtRest(destinations)
    const bytes = (after.bytes - before.bytes) / (destinations - warmUp)
    await Promise.all([...members, ...relays, hub].map((router) => router.close()))
    return bytes
  } finally {
    await Promise.all([node.stop(), ...hosts.map(({ host }) => host.close())])
  }
}

/** On a busy machine a link may be given up; another takes its place. */
async function keepJoined(leaf: Router, target: { readonly host: string; readonly port: number }): Promise<void> {
  for (;;) {
    const channel = await TcpChannel.connect(target).catch(() => undefined)
    if (channel === undefined) return
    await leaf.addChannel(channel).down
    await breath()
  }
}

/** One relay, and leaves that know nobody else. */
async function perLeaf(counts: readonly number[]): Promise<void> {
  const node = await ServerProcess.start(script, [], flags)
  const [host = '', port = ''] = (node.ready.tcp ?? '').split(':')
  const leaves: Router[] = []
  const rows: Record<string, string | number>[] = []
  try {
    let before = JSON.parse(await node.ask('held')) as Held
    for (const count of counts) {
      while (leaves.length < count) {
        const leaf = benchRouter(`leaf ${leaves.length}`, 'member', true)
        leaves.push(leaf)
        void keepJoined(leaf, { host, port: Number(port) })
        if (leaves.length % 20 === 0) await breath()
      }
      const held = await heldWhen(node, ({ destinations: known }) => known === count)
      rows.push({
        leaves: count,
        'all, MB': (held.bytes / 1e6).toFixed(1),
        'each further leaf, B': Math.round((held.bytes - before.bytes) / (held.destinations - before.destinations)),
      })
      before = held
    }
  } finally {
    // Before the leaves, so that they do not dial again.
    await node.stop()
    await Promise.all(leaves.map((leaf) => leaf.close()))
  }
  console.log('\nA relay and its leaves, sockets and links included: linear when each further leaf costs the same')
  console.table(rows)
}

export const memoryBench: Bench = {
  name: 'memory',
  async run(): Promise<BenchRow[]> {
    const perLinks: Record<string, string | number>[] = []
    for (const links of linkCounts) {
      const bytes = Math.round(await perDestination(links))
      console.log(`  over ${links} links: ${bytes} B`)
      perLinks.push({ links, 'a destination with its record, B': bytes })
    }
    console.log(`\nA destination, of ${destinations}, that every neighbour tells of (goal ≤ ${goalBytes} B)`)
    console.table(perLinks)
    await perLeaf((process.env['LEAVES'] ?? '1000,2500,5000').split(',').map(Number))
    return []
  },
}
