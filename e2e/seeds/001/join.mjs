import { joinMesh } from '@hopmesh/server'

const relay = process.argv[2] ?? 'ws://127.0.0.1:8080'

const mesh = await joinMesh({ network: 'mesh', relays: [relay] })
console.log(`I am ${mesh.address}`)

await mesh.close()
