// One router in a process of its own, so that its heap holds nothing else. `node --expose-gc node-under-test.js [dial …]`
// listens on TCP, dials the neighbours named, and answers each line of input with what it holds and what that takes.
import { createInterface } from 'node:readline'
import { TcpChannel, TcpHost } from '@hopmesh/server'
import { benchRouter } from './bench-router.ts'

/** Bytes of the heap and of all buffers outside of it. */
export interface Held {
  readonly destinations: number
  readonly links: number
  readonly bytes: number
}

const router = benchRouter('node under test', 'relay')

function held(): Held {
  for (let pass = 0; pass < 4; pass++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return { destinations: router.routes().length, links: router.links().length, bytes: heapUsed + external }
}

const host = new TcpHost()
const { host: at, port } = await host.listen({ port: 0, connectionsMax: 10_000 }, (channel) => void router.addChannel(channel))
for (const target of process.argv.slice(2)) {
  const [to = '', toPort = ''] = target.split(':')
  const stay = async (): Promise<void> => {
    const link = router.addChannel(await TcpChannel.connect({ host: to, port: Number(toPort) }))
    // On a busy machine a link may be given up; another takes its place.
    void link.down.then(() => stay().catch(() => {}))
  }
  await stay()
}
createInterface({ input: process.stdin }).on('line', () => console.log(JSON.stringify(held())))
console.log(JSON.stringify({ ready: true, tcp: `${at}:${port}` }))
