import { joinMesh } from '@hopmesh/server'

const relay = process.argv[2] ?? 'ws://127.0.0.1:8080'
const ada = await joinMesh({ name: 'ada', network: 'garden', relays: [relay] })
const bob = await joinMesh({ name: 'bob', network: 'garden', relays: [relay] })

bob.services.register('greet', (request) => `${request.text()} to you too`)

await ada.services.wait('greet')
const reply = await ada.call('greet', 'hello')
console.log('ada got', reply.text())

await Promise.all([ada.close(), bob.close()])
