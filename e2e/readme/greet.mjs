import { joinMesh } from '@hopmesh/server'

const relay = process.argv[2] ?? 'ws://127.0.0.1:8080'
const mesh = await joinMesh({ network: 'garden', relays: [relay], name: 'greeter' })

mesh.services.register('greet', (request) => `hello, ${request.text()}`)
console.log(`greeting as ${mesh.address}`)

process.once('SIGTERM', () => mesh.close())
