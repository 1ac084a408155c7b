// Node 2 connects to node 1 and offers the service 'ping'.
import { TcpChannel, createRouter } from '@hopmesh/server'

const port = Number(process.argv[2] ?? 8081)

const router = createRouter('node-ping-service-1')
router.registerService('ping', (packet) => {
  console.log(`ping from [${packet.srcAddr}]`)
  router.send({ destAddr: packet.srcAddr, contextID: packet.contextID, data: 'pong' })
})
router.addChannel(await TcpChannel.connect({ host: 'localhost', port }))

process.once('SIGINT', () => router.close())
