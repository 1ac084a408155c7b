import { joinMesh } from '@hopmesh/server'

const relay = process.argv[2] ?? 'ws://127.0.0.1:9'

try {
  const mesh = await joinMesh({ network: 'mesh', relays: [relay], timeoutMs: 1000 })
  console.log(`joined; I see ${mesh.peers.size} others`)
  await mesh.close()
} catch (error) {
  console.log(`not joined: ${error.code}`)
  for (const line of error.tried) console.log(`  ${line}`)
}
