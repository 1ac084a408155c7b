import { setTimeout } from 'node:timers/promises'
import { joinMesh } from '@hopmesh/server'

const relay = process.argv[2] ?? 'ws://127.0.0.1:8080'
const ada = await joinMesh({ network: 'mesh', relays: [relay], name: 'Ada' })
const bob = await joinMesh({ network: 'mesh', relays: [relay], name: 'Bob' })
bob.on('message', (message) => message.inReplyTo || message.reply('yes', 'I did'))

console.log(ada.receive(), ada.receive(10))
await ada.send(bob.address, 'Did you get this?')

let message
while (!(message = ada.receive())) await setTimeout(20)
console.log(message.parts, message.from === bob.address)

await ada.send(bob.address, 'And this?')
while (bob.receive(10).length === 0) await setTimeout(20)
for (const answer of ada.receive(10)) console.log((await answer.reply('Replying to a list')).state)

await Promise.all([ada.close(), bob.close()])
