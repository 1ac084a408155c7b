import { createMesh } from '@hopmesh/server'

const relay = process.argv[2] ?? 'ws://127.0.0.1:8080'
const mesh = createMesh({ network: 'mesh', relays: [relay] })

mesh.once('online', () => {
  console.log('Hey! You got connected!')
})
mesh.on('online', ({ first, reconnect }) => {
  console.log('online', { first, reconnect })
})

mesh.on('message', (message) => {
  if (!message.inReplyTo) message.reply('this is an example')
})

process.once('SIGTERM', () => mesh.close())
