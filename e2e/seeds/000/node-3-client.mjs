// Node 3 connects to node 1, discovers 'ping' and keeps calling it.
import { TcpChannel, createRouter } from '@hopmesh/server'

const port = Number(process.argv[2] ?? 8081)
const text = new TextDecoder()

const router = createRouter('node-client-1')
const contextID = router.registerContext((packet) => {
  console.log('received:', text.decode(packet.data), 'from:', packet.srcAddr)
  setTimeout(() => router.send({ service: 'ping', contextID }), 1000)
})
router.on('service', ({ service, load, address, state }) => {
  console.log(`service ${state}: ${service}:${load}:${address}`)
  if (service === 'ping' && state === 'up') router.send({ destAddr: address, service: 'ping', contextID })
})
router.addChannel(await TcpChannel.connect({ host: 'localhost', port }))

process.once('SIGINT', () => router.close())
