import { joinMesh } from '@hopmesh/server'

const relay = process.argv[2] ?? 'ws://127.0.0.1:8080'
const alice = await joinMesh({ network: 'p2p', relays: [relay], name: 'Alice', debug: 1 })

process.once('SIGTERM', () => alice.close())

for await (const message of alice.messages()) {
  console.log(message.parts[0])
}
