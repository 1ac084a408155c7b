import { setTimeout } from 'node:timers/promises'
import { joinMesh } from '@hopmesh/server'

const relay = process.argv[2] ?? 'ws://127.0.0.1:8080'
const join = (name) => joinMesh({ network: 'garden', relays: [relay], name })
const [ada, bob] = await Promise.all(['Ada', 'Bob'].map(join))
while (!ada.peer(bob.address)) await setTimeout(20)

const heard = new Promise((resolve) => bob.topic('chat').on('message', resolve))

const said = await ada.with({ receipts: true }).broadcast('this is', 'a test')
await said.done
console.log(said.delivered.has(bob.address), said.pending.size, said.left.size)

await ada.topic('chat').broadcast('hello')
const { topic, parts } = await heard
console.log(topic, ...parts)

// Who comes later is told, too: within ten minutes, once, and in order.
const eve = await join('Eve')
while (!said.delivered.has(eve.address)) await setTimeout(20)
console.log(...eve.receive().parts)

await Promise.all([ada, bob, eve].map((mesh) => mesh.close()))
