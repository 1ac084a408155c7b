// P2: node → relay → node over WebSocket, pipelined. Ours: two routers and the real relay process, links included; and two
// members, whose sessions seal and repeat on top of that. The other sides: two `ws` clients and a process that passes each
// message on; two js-libp2p nodes and its circuit relay, over one stream, which is sealed too.
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { sampleRow, type Bench, type BenchRow } from './bench-row.ts'
import { ServerProcess } from './child-process.ts'
import { MeshLane, relayScript } from './mesh-lane.ts'
import { installPeer } from './peer-packages.ts'
import { RouterLane } from './router-lane.ts'
import { interleaved, type Lane, type Way } from './pipelined.ts'

const bareScript = fileURLToPath(new URL('bare-ws-relay.js', import.meta.url))

const rounds = 7
/** Bytes of data in a packet, the ratios to reach against `ws` and libp2p, and packets on their way at a time. */
const sizes = [
  { size: 64, goals: [1.5, 20], window: 512 },
  { size: 1_024, goals: [1, 6], window: 512 },
  { size: 16_384, goals: [0.9, 3.5], window: 64 },
] as const

class BareLane implements Lane {
  readonly #from: WebSocket
  readonly #to: WebSocket
  readonly #message: Uint8Array
  #received = 0

  private constructor(from: WebSocket, to: WebSocket, size: number) {
    this.#from = from
    this.#to = to
    this.#message = new Uint8Array(size).fill(7)
    to.on('message', (data: Buffer) => {
      if (data.length === size && data[size - 1] === 7) this.#received++
    })
  }

  static async open(url: string, size: number): Promise<BareLane> {
    const [from, to] = [new WebSocket(url, { perMessageDeflate: false }), new WebSocket(url, { perMessageDeflate: false })]
    await Promise.all([once(from, 'open'), once(to, 'open')])
    return new BareLane(from, to, size)
  }

  push(): number {
    this.#from.send(this.#message)
    return 1
  }

  received(): number {
    return this.#received
  }

  async close(): Promise<void> {
    const gone = Promise.all([once(this.#from, 'close'), once(this.#to, 'close')])
    this.#from.close()
    this.#to.close()
    await gone
  }
}

/** One circuit of js-libp2p, when it could be installed. */
async function libp2pWay(peer: URL | undefined, size: number): Promise<{ way: Way; stop(): Promise<void> } | undefined> {
  if (peer === undefined) return undefined
  const server = await ServerProcess.start(fileURLToPath(new URL('relay.mjs', peer)))
  const { openLane } = (await import(new URL('lane.mjs', peer).href)) as { openLane(relay: string, size: number): Promise<Lane> }
  return { way: { lane: await openLane(server.ready.ws ?? '', size), server }, stop: () => server.stop() }
}

async function forward({ size, goals, window }: (typeof sizes)[number], peer: URL | undefined): Promise<BenchRow[]> {
  const [relay, bare] = await Promise.all([
    ServerProcess.start(relayScript, ['relay', '--port', '0', '--json']),
    ServerProcess.start(bareScript),
  ])
  const libp2p = await libp2pWay(peer, size)
  try {
    const ways: Way[] = [
      { lane: await RouterLane.open(relay.ready.ws ?? '', size), server: relay },
      { lane: await MeshLane.open(relay.ready.ws ?? '', size), server: relay },
      { lane: await BareLane.open(bare.ready.ws ?? '', size), server: bare },
      ...(libp2p === undefined ? [] : [libp2p.way]),
    ]
    const [routers = [], members = [], ws = [], circuit] = await interleaved(ways, { window, durationMs: 500, rounds })
    await Promise.all(ways.map(({ lane }) => lane.close()))
    const [forwarding, sealed] = ['routers', 'members'].map((ends) => `${ends} – relay, WebSocket, ${size} B, packets/s`) as [
      string,
      string,
    ]
    const rows = [sampleRow({ id: 'P2', work: forwarding, peerName: 'bare ws relay', goal: goals[0] }, routers, ws)]
    if (circuit === undefined) return rows
    const peerName = 'libp2p circuit relay'
    rows.push(sampleRow({ id: 'P2', work: forwarding, peerName, goal: goals[1] }, routers, circuit))
    rows.push(sampleRow({ id: 'P2', work: sealed, peerName, goal: 1 }, members, circuit))
    return rows
  } finally {
    await Promise.all([relay.stop(), bare.stop(), libp2p?.stop()])
  }
}

async function websocket(): Promise<BenchRow[]> {
  const peer = await installPeer('libp2p')
  const rows: BenchRow[] = []
  for (const size of sizes) rows.push(...(await forward(size, peer)))
  return rows
}

export const websocketBench: Bench = { name: 'p2', run: websocket }
