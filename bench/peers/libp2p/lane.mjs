// node – circuit relay – node over WebSocket: one stream, each packet behind its length in four bytes, one `send` a packet.
import { multiaddr } from '@multiformats/multiaddr'
import { endNode } from './node.mjs'

const protocol = '/bench/1.0.0'

/** What `Lane` in src/pipelined.ts says; throws when a packet arrives changed. */
export async function openLane(relay, size) {
  const to = await endNode([`${relay}/p2p-circuit`])
  const through = await reservation(to)
  let received = 0
  await to.handle(protocol, (stream) => readPackets(stream, size, () => received++), { runOnLimitedConnection: true })
  const from = await endNode()
  const stream = await from.dialProtocol(multiaddr(through), protocol, { runOnLimitedConnection: true })
  const packet = new Uint8Array(4 + size).fill(7)
  new DataView(packet.buffer).setUint32(0, size)
  let room = true
  stream.addEventListener('drain', () => (room = true))
  return {
    push() {
      if (!room) return 0
      room = stream.send(packet)
      return 1
    },
    received: () => received,
    async close() {
      await Promise.all([from.stop(), to.stop()])
    },
  }
}

async function reservation(node) {
  const late = Date.now() + 10_000
  for (;;) {
    const through = node
      .getMultiaddrs()
      .map(String)
      .find((address) => address.includes('p2p-circuit'))
    if (through !== undefined) return through
    if (Date.now() > late) throw new Error('The libp2p relay gave no reservation.')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Packets cross the borders of messages: only the first length and the last byte of each are looked at, as ours does. */
function readPackets(stream, size, arrived) {
  const whole = 4 + size
  let at = 0
  stream.addEventListener('message', ({ data }) => {
    for (const bytes of data instanceof Uint8Array ? [data] : data) {
      let start = 0
      while (bytes.length - start >= whole - at) {
        start += whole - at
        at = 0
        if (bytes[start - 1] !== 7) throw new Error('A packet arrived changed.')
        arrived()
      }
      at += bytes.length - start
    }
  })
}
