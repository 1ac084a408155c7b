// All three nodes in one process, joined by local channels: 3 finds the 'ping' of 1 through 2.
import { packetToJson } from '@hopmesh/core'
import { createRouter, localChannels } from '@hopmesh/server'

const text = new TextDecoder()

// node 1 answers pings
const router1 = createRouter('aln-node-1')
router1.registerService('ping', (packet) => {
  console.log(`ping from [${packet.srcAddr}]`)
  router1.send({ destAddr: packet.srcAddr, contextID: packet.contextID, data: 'pong' })
})

// node 2 is only in the middle
const router2 = createRouter('aln-node-2')
const [channel1a, channel2a] = localChannels()
router1.addChannel(channel1a)
router2.addChannel(channel2a)

// node 3 calls as soon as it hears of the service
const router3 = createRouter('aln-node-3')
const contextID = router3.registerContext(async (packet) => {
  console.log(packetToJson(packet))
  console.log('unpacked response data:', text.decode(packet.data))
  await Promise.all([router1, router2, router3].map((router) => router.close()))
})
router3.on('service', ({ service, load, address, state }) => {
  console.log(`service ${state} at aln-node-3: ${service}:${load}:${address}`)
  if (service === 'ping' && state === 'up') router3.send({ destAddr: address, service: 'ping', contextID, data: 'hello world' })
})
const [channel1b, channel2b] = localChannels()
router3.addChannel(channel2b)
router2.addChannel(channel1b)
