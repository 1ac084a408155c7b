import { encodePacket, frame } from '@hopmesh/core'
import { expect, it } from 'vitest'
import { encodePlain } from './plain-node.ts'

it('ALN-20 the scripted plain node writes the very bytes of the codec', () => {
  const query = encodePlain({ net: 3 })
  expect(query.toString('hex')).toBe('340003c0')
  const packet = { srv: 'ping', src: 'a', dst: 'b\u06c0', nxt: 'c', seq: 0xc0db, ack: 7, ctx: 0xdb, data: Buffer.from([0xc0, 0xdb, 0]) }
  const ours = frame(
    encodePacket({
      service: 'ping',
      srcAddr: 'a',
      destAddr: 'b\u06c0',
      nextAddr: 'c',
      seqNum: 0xc0db,
      ackBlock: 7,
      contextID: 0xdb,
      data: packet.data,
    }),
  )
  expect(encodePlain(packet).toString('hex')).toBe(Buffer.from(ours).toString('hex'))
})
