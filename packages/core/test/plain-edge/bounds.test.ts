import { describe, expect, it } from 'vitest'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import type { Router } from '../../src/routing/router.ts'
import { encodeRouteAdvert, encodeServiceAdvert } from '../../src/wire/adverts.ts'
import { frame } from '../../src/wire/kiss.ts'
import { netStates, type Packet } from '../../src/wire/packet.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'
import { RouterWorld } from '../routing/router-world.ts'
import { PlainPeer, routeSaid } from './plain-peer.ts'

/** A plain neighbour that says these packets. */
function plainNeighbour(world: RouterWorld, router: Router, packets: readonly Packet[]): void {
  const [dialer, listener] = memoryChannelPair(world.clock, { carries: 'stream' })
  dialer.start({ message: () => {}, drained: () => {}, closed: () => {} })
  router.addChannel(listener)
  for (const packet of packets) dialer.send(frame(encodePacket(packet)))
}

function route(name: string): Packet {
  return { netState: netStates.route, srcAddr: name, data: encodeRouteAdvert(name, 1) }
}

function services(name: string, names: readonly string[]): Packet[] {
  return names.map((service) => ({ netState: netStates.service, srcAddr: name, data: encodeServiceAdvert(name, service, 1) }))
}

function many(prefix: string): string[] {
  return Array.from({ length: 20 }, (_, index) => `${prefix}${index}`)
}

describe('whatever plain neighbours say, the record of their gateway can be signed', () => {
  it.each([
    [
      'one host by two ways, with 20 services each',
      [
        [route('x'), ...services('x', many('a'))],
        [route('x'), ...services('x', many('b'))],
      ],
    ],
    ['a service name of 60 characters and 180 bytes', [[route('x'), ...services('x', ['€'.repeat(60)])]]],
    ['a host name of 99 bytes that only speaks', [[{ srcAddr: '€'.repeat(33), service: 'nothing', data: 'x' }]]],
    [
      'sixty hosts with 32 services each',
      [Array.from({ length: 60 }, (_, host) => [route(`h${host}`), ...services(`h${host}`, many('s'.repeat(70)))]).flat()],
    ],
  ])('%s', (_, neighbours) => {
    const world = new RouterWorld()
    const [gateway, far] = [world.router('gateway', 'relay'), world.router('far')]
    world.link(far, gateway)
    for (const packets of neighbours) plainNeighbour(world, gateway, packets)
    world.run(5_000)
    expect(gateway.faults.get('LINK_FAILED')).toBeUndefined()
    gateway.registerService('news', () => {})
    world.run(1_000)
    expect(far.services('news')).toHaveLength(1)
    expect(far.routes().some(({ kind }) => kind === 'plain')).toBe(true)
  })

  it('LM more than 1 024 routes that a neighbour has from elsewhere are not remembered', () => {
    const world = new RouterWorld()
    const [gateway, other] = [world.router('gateway', 'relay'), world.router('other', 'relay')]
    const peer = new PlainPeer(world, gateway)
    peer.join('x')
    world.run(1_000)
    for (let at = 0; at < 1_500; at += 1) peer.say(routeSaid('x', `lost${at}`, 66))
    peer.say(routeSaid('x', other.address, 2))
    world.run(5_000)
    expect(peer.routes().filter((row) => /^lost\d+ 0$/.test(row))).toHaveLength(1_023)
  })

  it('a closed node asks for no more time, however short its plain neighbours were there', async () => {
    const world = new RouterWorld()
    const gateway = world.router('gateway', 'relay')
    plainNeighbour(world, gateway, [route('x')])
    world.run(100)
    await gateway.close()
    world.run(10)
    expect(world.clock.waiting).toBe(0)
  })
})
