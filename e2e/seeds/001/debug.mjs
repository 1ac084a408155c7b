import { joinMesh } from '@hopmesh/server'

const relay = process.argv[2] ?? 'ws://127.0.0.1:8080'

const mesh = await joinMesh({ network: 'mesh', relays: [relay], debug: 5 })
await mesh.broadcast('this is', 'a test')

await mesh.close()
