// One process of the long stream: a relay, the member between two relays, the source or the sink.

import { createHash } from 'node:crypto'
import { joinMesh, startRelay } from '../../packages/server/dist/index.js'

const [role, given] = process.argv.slice(2)
const options = JSON.parse(given)
const say = (message) => process.send(message)
const pieceBytes = 1_048_576

setInterval(() => say({ rss: process.memoryUsage.rss() }), 100)
await { relay, carrier, sink, source }[role]()

async function relay() {
  const started = await startRelay({ port: 0 })
  say({ ws: started.ws })
}

async function join(name) {
  return joinMesh({ network: 'soak', name, relays: options.relays, links: { degree: 0, webrtc: false } })
}

async function carrier() {
  const mesh = await join('carrier')
  while (mesh.health === undefined || mesh.relays.list().some(({ state }) => state !== 'online')) await soon()
  say({ ready: true })
}

async function sink() {
  const mesh = await join('sink')
  mesh.streams.register('sink', async (_ctx, readable) => {
    const hash = createHash('sha256')
    let bytes = 0
    for await (const piece of readable) {
      hash.update(piece)
      bytes += piece.length
      if (bytes % pieceBytes < piece.length) say({ arrived: bytes })
    }
    say({ got: { bytes, hash: hash.digest('hex') } })
  })
  say({ ready: true })
}

async function source() {
  const mesh = await join('source')
  while (mesh.peer('sink') === undefined && [...mesh.peers.values()].every(({ name }) => name !== 'sink')) await soon()
  const peer = [...mesh.peers.values()].find(({ name }) => name === 'sink')
  say({ started: { hops: peer.hops } })
  const hash = createHash('sha256')
  const pieces = async function* () {
    for (let piece = 0; piece < options.mebibytes; piece += 1) {
      const bytes = new Uint8Array(pieceBytes).fill(piece % 251)
      hash.update(bytes)
      yield bytes
    }
  }
  for await (const _ of await mesh.stream('sink', 'sink', pieces()));
  say({ sent: { hash: hash.digest('hex') } })
}

function soon() {
  return new Promise((resolve) => setTimeout(resolve, 20))
}
