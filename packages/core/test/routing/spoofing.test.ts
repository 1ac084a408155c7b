import { describe, expect, it } from 'vitest'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import { encodeRouteAdvert } from '../../src/wire/adverts.ts'
import { frame } from '../../src/wire/kiss.ts'
import { encodeMeshPacket } from '../../src/wire/mesh-packet.ts'
import { netStates } from '../../src/wire/packet.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'
import { RouterWorld, text } from './router-world.ts'

describe('what a neighbour says in the name of others', () => {
  it('nobody speaks to a node in its own name (SE1)', () => {
    const world = new RouterWorld()
    const [liar, a] = [world.router('liar'), world.router('a')]
    const { dialer } = world.link(liar, a)
    world.run(500)
    const heard: string[] = []
    a.registerService('$secret', (packet) => void heard.push(text(packet.data)))
    dialer.sendPacket(
      encodeMeshPacket({ hopLimit: 32 }, encodePacket({ srcAddr: a.address, destAddr: a.address, service: '$secret', data: 'me' })),
    )
    dialer.sendPacket(
      encodeMeshPacket({ hopLimit: 32, broadcast: true }, encodePacket({ srcAddr: a.address, service: '$secret', data: '12345678me' })),
    )
    world.run(500)
    expect(heard).toEqual([])
    expect(a.faults.get('SPOOFED')).toBe(1)
  })

  it('a source that is not the neighbour itself is never verified (SE1)', () => {
    const world = new RouterWorld()
    const [liar, a, b] = [world.router('liar'), world.router('a'), world.router('b')]
    const { dialer } = world.link(liar, a)
    world.link(b, a)
    world.run(500)
    const verified: boolean[] = []
    a.registerService('x', (_, arrival) => void verified.push(arrival.verified))
    for (const srcAddr of [liar.address, b.address]) {
      dialer.sendPacket(encodeMeshPacket({ hopLimit: 32 }, encodePacket({ srcAddr, destAddr: a.address, service: 'x' })))
    }
    world.run(500)
    expect(verified).toEqual([true, false])
  })

  it('a gateway hands no plain node more than it can take (PL6)', () => {
    const world = new RouterWorld()
    const [a, gateway] = [world.router('a'), world.router('gateway', 'relay')]
    const [plain, listener] = memoryChannelPair(world.clock, { carries: 'stream' })
    let most = 0
    plain.start({ message: (bytes) => void (most = Math.max(most, bytes.length)), drained: () => {}, closed: () => {} })
    gateway.addChannel(listener)
    plain.send(frame(encodePacket({ netState: netStates.route, srcAddr: 'thing', data: encodeRouteAdvert('thing', 1) })))
    const { dialer } = world.link(a, gateway)
    world.run(3_000)
    const errors: string[] = []
    const contextID = a.registerContext((packet) => void errors.push(text(packet.data)))
    const packet = { srcAddr: a.address, destAddr: 'thing', contextID, data: new Uint8Array(8_000).fill(97) }
    dialer.sendPacket(encodeMeshPacket({ hopLimit: 32, gateway: gateway.address }, encodePacket(packet)))
    world.run(500)
    expect(most).toBeLessThan(4_000)
    expect(errors).toEqual([expect.stringMatching(/^TOO_LARGE/)])
  })
})
