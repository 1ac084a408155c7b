import { setInterval } from 'node:timers/promises'
import { joinMesh } from '@hopmesh/server'

const relay = process.argv[2] ?? 'ws://127.0.0.1:8080'
const bob = await joinMesh({ network: 'p2p', relays: [relay], name: 'Bob', debug: 1 })

const stopped = new AbortController()
process.once('SIGTERM', () => stopped.abort())

try {
  for await (const _ of setInterval(1000, undefined, { signal: stopped.signal })) {
    await bob.broadcast('test')
  }
} catch {
  await bob.close()
}
