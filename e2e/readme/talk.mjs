import { joinMesh } from '@hopmesh/server'

const relay = process.argv[2] ?? 'ws://127.0.0.1:8080'
const ada = await joinMesh({ network: 'garden', relays: [relay], name: 'Ada' })
const bob = await joinMesh({ network: 'garden', relays: [relay], name: 'Bob' })

bob.on('message', (message) => message.inReplyTo || message.reply('yes', 'I did'))

const inbox = ada.messages()
const { state } = await ada.send(bob.address, 'Did you get this?')
console.log(state)

for await (const message of inbox) {
  console.log(message.from === bob.address, message.parts)
  break
}

await Promise.all([ada.close(), bob.close()])
