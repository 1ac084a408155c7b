import { joinMesh } from '@hopmesh/server'

const relay = process.argv[2] ?? 'ws://127.0.0.1:8080'
const mesh = await joinMesh({ network: 'garden', relays: [relay] })

const provider = await mesh.services.wait('greet')
const reply = await mesh.call('greet', 'Ada', { timeoutMs: 2000 })
console.log(`${reply.text()} (from ${reply.from}, ${provider.hops} hops away)`)

try {
  await mesh.call('no such service', 'Ada')
} catch (error) {
  console.log(error.code)
}

await mesh.close()
