import { joinMesh } from '@hopmesh/server'

const relay = process.argv[2] ?? 'ws://127.0.0.1:8080'
const ada = await joinMesh({ name: 'ada', network: 'garden', relays: [relay] })
const bob = await joinMesh({ name: 'bob', network: 'garden', relays: [relay] })

bob.on('message', (message) => message.inReplyTo || message.reply(`${message.parts[0]} to you too`))

const answer = new Promise((resolve) => ada.once('message', resolve))
await ada.send(bob.address, 'hello')
console.log('ada got', (await answer).parts[0])

await Promise.all([ada.close(), bob.close()])
