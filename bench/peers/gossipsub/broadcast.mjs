// js-libp2p nodes of one process, joined in memory as they are told, with gossipsub as its documents tell to make it. Says how many
// payloads a publication was sent in, and how long it took to the last node.
import './node-20.mjs'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { gossipsub } from '@libp2p/gossipsub'
import { identify } from '@libp2p/identify'
import { memory } from '@libp2p/memory'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

const { edges, count, warmUp, publications, bytes, everyMs } = JSON.parse(process.argv[2])
const topic = 'bench'
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

const nodes = await Promise.all(
  Array.from({ length: count }, (_, at) =>
    createLibp2p({
      addresses: { listen: [`/memory/node-${at}`] },
      transports: [memory()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      connectionGater: { denyDialMultiaddr: () => false },
      connectionManager: { maxConnections: 100 },
      services: { identify: identify(), pubsub: gossipsub({ allowPublishToZeroTopicPeers: true }) },
    }),
  ),
)
let sends = 0
let heard = 0
for (const { services } of nodes) {
  const { pubsub } = services
  const sendRpc = pubsub.sendRpc.bind(pubsub)
  pubsub.sendRpc = (id, rpc) => {
    sends += rpc.messages?.length ?? 0
    return sendRpc(id, rpc)
  }
  pubsub.addEventListener('message', () => void (heard += 1))
  pubsub.subscribe(topic)
}
for (const [one, other] of edges) await nodes[one].dial(multiaddr(`/memory/node-${other}`))
await pause(8_000)

async function until(over) {
  while (!over()) await new Promise(setImmediate)
}

const lastMs = []
let sent = 0
for (let at = 0; at < warmUp + publications; at += 1) {
  const before = sends
  heard = 0
  const startedAt = performance.now()
  await nodes[(at * 7) % count].services.pubsub.publish(topic, new Uint8Array(bytes).fill(at))
  await until(() => heard >= count - 1 || performance.now() - startedAt > 2_000)
  if (at >= warmUp) lastMs.push(performance.now() - startedAt)
  await pause(everyMs)
  if (at >= warmUp) sent += sends - before
}
console.log(JSON.stringify({ sends: sent / publications, lastMs }))
process.exit(0)
