import { joinMesh } from '@hopmesh/server'

const relay = process.argv[2] ?? 'ws://127.0.0.1:8080'
const ada = await joinMesh({ network: 'mesh', relays: [relay], name: 'Ada' })
const bob = await joinMesh({ network: 'mesh', relays: [relay], name: 'Bob' })

bob.on('message', (message) => {
  console.log('Bob got', message.parts)
  if (!message.inReplyTo) message.reply('yes', 'I did')
})

const inbox = ada.messages()
await ada.broadcast('this is', 'a test')
await ada.send(bob.address, 'Did you get this?')

for await (const message of inbox) {
  console.log('Ada got', message.parts, 'from', message.from)
  if (message.parts[0] === 'yes') break
}

await Promise.all([ada.close(), bob.close()])
