import { TcpChannel, createRouter } from '@hopmesh/server'

const [host = '127.0.0.1', port = 8081] = process.argv[2]?.split(':') ?? []
const text = new TextDecoder()

const router = createRouter('thermometer-1', { network: 'garden' })
const contextID = router.registerContext((packet) => console.log(text.decode(packet.data)))
router.addChannel(await TcpChannel.connect({ host, port: Number(port) }))

const asking = setInterval(() => router.send({ service: 'greet', contextID, data: 'thermometer' }), 1000)

process.once('SIGTERM', () => {
  clearInterval(asking)
  router.close()
})
