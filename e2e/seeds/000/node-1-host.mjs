// Node 1 listens for TCP connections; every neighbour joins its one router.
import { TcpHost, createRouter } from '@hopmesh/server'

const port = Number(process.argv[2] ?? 8081)

const router = createRouter('node-host-1') // must be unique
const host = new TcpHost()
const { port: listening } = await host.listen({ port }, (channel) => router.addChannel(channel))
console.log(`listening on ${listening}`)

process.once('SIGINT', async () => {
  await host.close()
  await router.close()
})
