import { createMesh, memoryChannelPair, silentLog, type Crypto, type Environment, type Mesh } from '@hopmesh/core'
import { lateParts } from '@hopmesh/core/late'
import { nodeClock, nodeDice } from '@hopmesh/server'
import { nodeCrypto } from '../../packages/server/dist/node-crypto.js'
import { dialWebSocket } from '../../packages/server/dist/websocket/dialer.js'
import { benchRow, quantile, type Bench, type BenchRow } from './bench-row.ts'
import { ServerProcess } from './child-process.ts'
import { relayScript } from './mesh-lane.ts'

const rounds = 7
/** Until the compiler has seen both. */
const warmRounds = 4
const pieceBytes = 65_536
const streamBytes = 32 * 1_048_576
const pings = 400
const goal = 0.75
const latencyGoalMs = 0.1

/** Seals by copying: what sessions cost without their cipher. Links and handshakes keep theirs, so that both sides do the same work. */
function copying(port: Crypto): Crypto {
  return {
    ...port,
    seal: (key, nonce, associated, plain) => {
      if (!isRecord(associated)) return port.seal(key, nonce, associated, plain)
      const sealed = new Uint8Array(plain.length + 16)
      sealed.set(plain)
      return sealed
    },
    open: (key, nonce, associated, sealed) => (isRecord(associated) ? sealed.slice(0, -16) : port.open(key, nonce, associated, sealed)),
  }
}

/** Of id, both addresses and number: what is associated with records of sessions, and with nothing else. */
function isRecord(associated: Uint8Array): boolean {
  return associated.length === 80
}

function member(crypto: Crypto, relays: string[]): Mesh {
  const environment: Environment = {
    clock: nodeClock,
    dice: nodeDice,
    log: silentLog,
    crypto,
    loadIdentity: async () => ({ keyPair: await crypto.generateKeyPair() }),
    dialRelay: (url, signal) => dialWebSocket(url, { signal }),
    late: () => lateParts,
    peerDialers: [],
    warnings: [],
  }
  return createMesh({ network: 'bench', relays, links: { degree: 0, webrtc: false } }, environment)
}

interface Pair {
  readonly from: Mesh
  readonly to: Mesh
  received: number
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function acquainted(crypto: Crypto, relay: string | undefined): Promise<Pair> {
  const [from, to] = [member(crypto, relay ? [relay] : []), member(crypto, relay ? [relay] : [])]
  await Promise.all([from.ready, to.ready])
  if (!relay) {
    const [dialer, listener] = memoryChannelPair(nodeClock, {})
    to.router.addChannel(listener)
    from.router.addChannel(dialer)
  }
  while (!from.peer(to.address) || !to.peer(from.address)) await turn()
  const pair: Pair = { from, to, received: 0 }
  to.streams.register('sink', async (_ctx, readable) => {
    const reader = readable.getReader()
    for (let next = await reader.read(); !next.done; next = await reader.read()) pair.received += next.value.length
  })
  return pair
}

interface Streamed {
  /** MB/s, both ends in this process. */
  readonly rate: number
  /** Of both ends and the relay, for one MB. */
  readonly cpuMs: number
}

async function streamed(pair: Pair, relay: ServerProcess | undefined): Promise<Streamed> {
  const cpu = (): number => (process.cpuUsage().user + process.cpuUsage().system) / 1_000 + (relay?.cpuSeconds() ?? 0) * 1_000
  const piece = new Uint8Array(pieceBytes).fill(7)
  const pieces = function* (): Generator<Uint8Array> {
    for (let sent = 0; sent < streamBytes; sent += pieceBytes) yield piece
  }
  pair.received = 0
  const before = cpu()
  const started = performance.now()
  const answer = await pair.from.stream(pair.to.address, 'sink', pieces())
  for await (const _ of answer) void _
  if (pair.received !== streamBytes) throw new Error(`${pair.received} bytes of ${streamBytes} arrived`)
  const megabytes = streamBytes / 1e6
  return { rate: (megabytes * 1_000) / (performance.now() - started), cpuMs: (cpu() - before) / megabytes }
}

/** The median of round trips of small messages, in milliseconds. */
async function roundTripMs(pair: Pair): Promise<number> {
  const times: number[] = []
  for (let count = 0; count < pings; count++) {
    const started = performance.now()
    await pair.from.ping(pair.to.address)
    times.push(performance.now() - started)
  }
  return quantile(times, 0.5)
}

async function compared(way: string, relay: ServerProcess | undefined): Promise<BenchRow> {
  const port = nodeCrypto()
  const pairs = [await acquainted(port, relay?.ready.ws), await acquainted(copying(port), relay?.ready.ws)]
  const rates: [number[], number[]] = [[], []]
  const cpus: [number[], number[]] = [[], []]
  const latencies: [number[], number[]] = [[], []]
  for (let round = 0; round < warmRounds + rounds; round++) {
    // Who goes first alternates.
    for (const at of round % 2 === 0 ? [0, 1] : [1, 0]) {
      const { rate, cpuMs } = await streamed(pairs[at]!, relay)
      const latency = await roundTripMs(pairs[at]!)
      if (round < warmRounds) continue
      rates[at]!.push(rate)
      cpus[at]!.push(cpuMs)
      latencies[at]!.push(latency)
    }
  }
  await Promise.all(pairs.flatMap(({ from, to }) => [from.close(), to.close()]))
  const added = quantile(
    latencies[0].map((ms, round) => ms - latencies[1][round]!),
    0.5,
  )
  const p50 = latencies.map((ms) => quantile(ms, 0.5).toFixed(3))
  console.log(
    `P11, ${way}: round trip p50 ${p50[0]} ms sealed, ${p50[1]} ms copied, ${added.toFixed(3)} ms more (goal ≤ ${latencyGoalMs} ms)`,
  )
  const cpuRatio = quantile(
    cpus[0].map((ms, round) => cpus[1][round]! / ms),
    0.5,
  )
  return {
    ...benchRow({ id: 'P11', work: `a stream between members, ${way}, MB/s`, peerName: 'the same, copying', goal }, rates[0], rates[1]),
    cpuRatio,
  }
}

/** What sealing from end to end costs: a stream against the same with a port that copies. */
export const sealingBench: Bench = {
  name: 'p11',
  async run(): Promise<BenchRow[]> {
    const relay = await ServerProcess.start(relayScript, ['relay', '--port', '0', '--json'])
    try {
      return [await compared('a link in memory', undefined), await compared('a relay, WebSocket', relay)]
    } finally {
      await relay.stop()
    }
  },
}
