// P3: a KISS stream over TCP, A – B – C, plain ALN on both sides. Ours: the real relay process as B, which routes. The
// other side: a process that takes frames apart and puts them together. The driver is the same for both: 32 packets to
// a write, each with a count of its own, every frame that arrives compared byte by byte.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { encodePacket, frame, netStates } from '@hopmesh/core'
import { sampleRow, type Bench, type BenchRow } from './bench-row.ts'
import { ServerProcess } from './child-process.ts'
import { relayScript } from './mesh-lane.ts'
import { interleaved, type Lane } from './pipelined.ts'

const bareScript = fileURLToPath(new URL('bare-kiss-forwarder.js', import.meta.url))

const rounds = 7
const sizes = [100, 1_000] as const
const goal = 0.6
const corked = 32
const end = 0xc0

async function dial(target: string): Promise<Socket> {
  const [host = '', port = ''] = target.split(':')
  const socket = connect({ host, port: Number(port), noDelay: true })
  await once(socket, 'connect')
  return socket
}

/** ROUTE data: where, at what cost. */
function introduce(address: string): Uint8Array {
  const name = new TextEncoder().encode(address)
  const data = new Uint8Array([name.length, ...name, 0, 1])
  const query = frame(encodePacket({ netState: netStates.query }))
  const route = frame(encodePacket({ netState: netStates.route, srcAddr: address, data }))
  return Buffer.concat([query, route])
}

/** Of the data of each packet: 28 bits in bytes that no framing touches. Packets that are all alike are taken for a loop. */
const countBytes = 4

function putCount(bytes: Uint8Array, at: number, count: number): void {
  for (let index = 0; index < countBytes; index++) bytes[at + index] = (count >>> (7 * index)) & 0x7f
}

class KissLane implements Lane {
  readonly #from: Socket
  readonly #to: Socket
  readonly #packet: Uint8Array
  readonly #countAt: number
  #sent = 0
  #received = 0

  private constructor(from: Socket, to: Socket, size: number) {
    this.#from = from
    this.#to = to
    const packet = { srcAddr: 'a', destAddr: 'c', contextID: 7, data: new Uint8Array(size).fill(0x55) }
    this.#packet = frame(encodePacket({ ...packet, nextAddr: 'b' }))
    this.#countAt = this.#packet.length - 1 - size
    // What arrives differs in the next hop only, or not at all, and in its count: either is compared to the byte.
    const ways = [this.#packet, frame(encodePacket({ ...packet, nextAddr: 'c' })), frame(encodePacket(packet))]
    const expected = ways.map((bytes) => Buffer.from(bytes))
    const isExpected = (arrived: Buffer): boolean =>
      expected.some((one) => {
        if (one.length !== arrived.length) return false
        putCount(one, one.length - 1 - size, this.#received)
        return one.equals(arrived)
      })
    let rest: Buffer = Buffer.alloc(0)
    to.on('data', (chunk: Buffer) => {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      let start = 0
      for (let at = bytes.indexOf(end); at >= 0; at = bytes.indexOf(end, start)) {
        if (isExpected(bytes.subarray(start, at + 1))) this.#received++
        start = at + 1
      }
      rest = bytes.subarray(start)
    })
  }

  static async open(target: string, size: number): Promise<KissLane> {
    const [from, to] = await Promise.all([dial(target), dial(target)])
    // A plain ALN node says who it is. The bare forwarder hands this to the other side, where it counts for nothing.
    from.write(introduce('a'))
    to.write(introduce('c'))
    const lane = new KissLane(from, to, size)
    // A neighbour that shows no greeting of ours counts as plain after its first packet; give the adverts time to settle.
    await new Promise((resolve) => setTimeout(resolve, 500))
    return lane
  }

  push(): number {
    const { length } = this.#packet
    const burst = Buffer.allocUnsafe(corked * length)
    for (let at = 0; at < burst.length; at += length) {
      burst.set(this.#packet, at)
      putCount(burst, at + this.#countAt, this.#sent++)
    }
    this.#from.write(burst)
    return corked
  }

  received(): number {
    return this.#received
  }

  async close(): Promise<void> {
    this.#from.destroy()
    this.#to.destroy()
  }
}

async function forward(size: number): Promise<BenchRow> {
  const [relay, bare] = await Promise.all([
    ServerProcess.start(relayScript, ['relay', '--port', '0', '--tcp', '0', '--aln', '--json']),
    ServerProcess.start(bareScript),
  ])
  try {
    const ours = await KissLane.open(relay.ready.tcp ?? '', size)
    const peer = await KissLane.open(bare.ready.tcp ?? '', size)
    const ways = [
      { lane: ours, server: relay },
      { lane: peer, server: bare },
    ]
    const [oursSamples = [], peerSamples = []] = await interleaved(ways, { window: 512, durationMs: 500, rounds })
    await Promise.all([ours.close(), peer.close()])
    return sampleRow(
      { id: 'P3', work: `A – B – C, KISS over TCP, ${size} B, packets/s`, peerName: 'bare KISS forwarder', goal },
      oursSamples,
      peerSamples,
    )
  } finally {
    await Promise.all([relay.stop(), bare.stop()])
  }
}

async function kiss(): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  for (const size of sizes) rows.push(await forward(size))
  return rows
}

export const kissBench: Bench = { name: 'p3', run: kiss }
