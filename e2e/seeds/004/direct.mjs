import { joinMesh } from '@hopmesh/server'

const relay = process.argv[2] ?? 'ws://127.0.0.1:8080'
const alice = await joinMesh({ network: 'p2p', relays: [relay], name: 'Alice' })
const bob = await joinMesh({ network: 'p2p', relays: [relay], name: 'Bob' })
bob.on('message', (message) => console.log('Bob got', message.parts[0]))

try {
  await alice.connect(bob.address)
  console.log('Alice has a direct link to Bob.')
} catch (error) {
  console.log(`Alice has no direct link to Bob (${error.code}); the relay will carry it.`)
}
await alice.send(bob.address, 'Sup Bob.')

await Promise.all([alice.close(), bob.close()])
