import { joinMesh } from '@hopmesh/server'

const [relay = 'ws://127.0.0.1:8080', key] = process.argv.slice(2)
const mesh = await joinMesh({ network: 'garden', key, relays: [relay], name: 'gardener' }).catch((error) => {
  console.log(error.code)
  process.exit(1)
})
mesh.services.register('water', () => 'done')
console.log(`inside as ${mesh.address}`)

process.once('SIGTERM', () => mesh.close())
