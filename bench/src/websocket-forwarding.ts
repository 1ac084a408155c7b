// P2: node → relay → node over WebSocket, pipelined. Ours: two members and the real relay process, router and links
// included. The other side: two `ws` clients and a process that passes each message on.
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { joinMesh, type Mesh } from '@hopmesh/server'
import { WebSocket } from 'ws'
import { benchRow, type Bench, type BenchRow } from './bench-row.ts'
import { ServerProcess } from './child-process.ts'
import { interleaved, type Lane } from './pipelined.ts'

const relayScript = fileURLToPath(new URL('../../packages/server/dist/cli/main.js', import.meta.url))
const bareScript = fileURLToPath(new URL('bare-ws-relay.js', import.meta.url))

const rounds = 7
/** Bytes of data in a packet, the ratio to reach, and packets on their way at a time. */
const sizes = [
  { size: 64, goal: 1.5, window: 512 },
  { size: 1_024, goal: 1, window: 512 },
  { size: 16_384, goal: 0.9, window: 64 },
] as const

class MeshLane implements Lane {
  readonly #from: Mesh
  readonly #to: Mesh
  readonly #packet: { readonly destAddr: string; readonly service: string; readonly data: Uint8Array }
  #received = 0

  private constructor(from: Mesh, to: Mesh, size: number) {
    this.#from = from
    this.#to = to
    this.#packet = { destAddr: to.address, service: 'sink', data: new Uint8Array(size).fill(7) }
    to.router.registerService('sink', (packet) => {
      if (packet.data?.length === size && packet.data[size - 1] === 7) this.#received++
    })
  }

  static async open(url: string, size: number): Promise<MeshLane> {
    const options = { network: 'bench', relays: [url] }
    const [from, to] = await Promise.all([joinMesh(options), joinMesh(options)])
    const lane = new MeshLane(from, to, size)
    while (from.peer(to.address) === undefined) await new Promise((resolve) => setTimeout(resolve, 10))
    return lane
  }

  push(): number {
    return this.#from.router.send(this.#packet) === undefined ? 1 : 0
  }

  received(): number {
    return this.#received
  }

  async close(): Promise<void> {
    await Promise.all([this.#from.close(), this.#to.close()])
  }
}

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

async function forward({ size, goal, window }: (typeof sizes)[number]): Promise<BenchRow> {
  const [relay, bare] = await Promise.all([ServerProcess.start(relayScript, ['relay', '--port', '0', '--json']), ServerProcess.start(bareScript)])
  try {
    const ours = await MeshLane.open(relay.ready.ws ?? '', size)
    const peer = await BareLane.open(bare.ready.ws ?? '', size)
    const rates = await interleaved(ours, peer, { window, durationMs: 500, rounds })
    await Promise.all([ours.close(), peer.close()])
    return benchRow({ id: 'P2', work: `node – relay – node, WebSocket, ${size} B, packets/s`, peerName: 'bare ws relay', goal }, rates.ours, rates.peer)
  } finally {
    await Promise.all([relay.stop(), bare.stop()])
  }
}

async function websocket(): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  for (const size of sizes) rows.push(await forward(size))
  return rows
}

export const websocketBench: Bench = { name: 'websocket', run: websocket }
