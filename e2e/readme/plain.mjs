import { TcpChannel, createRouter } from '@hopmesh/server'

const [host = '127.0.0.1', port = 8081] = process.argv[2]?.split(':') ?? []
const text = new TextDecoder()

const router = createRouter('thermometer-1', { network: 'garden' })
const contextID = router.registerContext((packet) => console.log(text.decode(packet.data)))
router.on('service', ({ service, address, state }) => {
  if (service === 'greet' && state === 'up') router.send({ destAddr: address, service, contextID, data: 'thermometer' })
})
router.addChannel(await TcpChannel.connect({ host, port: Number(port) }))

process.once('SIGTERM', () => router.close())
