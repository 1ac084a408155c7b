import { afterEach, describe, expect, it } from 'vitest'
import { isMemberAddress } from '../../src/identity/address.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { sessionService } from '../../src/routing/packets/end-to-end.ts'
import type { Router } from '../../src/routing/router.ts'
import { encodeRouteAdvert, encodeServiceAdvert } from '../../src/wire/adverts.ts'
import { frame } from '../../src/wire/kiss.ts'
import { encodeMeshPacket } from '../../src/wire/mesh-packet.ts'
import { netStates, type Packet } from '../../src/wire/packet.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'
import { WireTap } from './tapped-wire.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

const key = new Uint8Array(32).fill(7)

/** A relay that hands `member` a packet of its own making. */
function handOver(relay: Router, member: Mesh, packet: Packet): void {
  const link = relay.links().find(({ peer }) => peer?.address === member.address)!
  link.sendPacket(encodeMeshPacket({ hopLimit: 30 }, encodePacket({ destAddr: member.address, ...packet })))
}

describe('SE1 what is seen and what counts', () => {
  it('SE1 outside the seal a packet shows hop limit, flags, both addresses and one marker, whatever is said', async () => {
    world = new MeshWorld(101)
    world.relay()
    const tap = new WireTap()
    const [ada, bob] = ['ada', 'bob'].map((name) => world.member(name, { environment: (same) => tap.environment(same) })) as [Mesh, Mesh]
    bob.services.register('secret-service', (request) => request.text())
    await world.acquainted(ada, bob)
    await world.settle(ada.services.wait('secret-service'))
    tap.frames.length = 0
    await world.settle(ada.call('secret-service', 'body'))
    await expect(world.settle(ada.call('secret-service', new Uint8Array(10), { select: ([first]) => first }))).resolves.toBeDefined()
    await world.settle(ada.send('bob', 'a message'))
    await world.settle(ada.ping('bob'))
    ada.router.send({ service: 'x', destAddr: bob.address, contextID: 77, seqNum: 3, ackBlock: 4, dataType: 5, data: 'raw' })
    await world.clock.advance(1_000)
    const seen = tap.packets().filter(({ header }) => isMemberAddress(header.source) && isMemberAddress(header.destination))
    const between = seen.filter(({ header }) => [ada, bob].some(({ address }) => address === header.destination))
    expect(between.length).toBeGreaterThan(10)
    for (const { header, packet } of between) {
      const { service, netState = 0, contextID, seqNum, ackBlock, dataType } = packet
      expect({ service, netState, contextID, seqNum, ackBlock, dataType }).toEqual({ service: sessionService, netState: 0 })
      expect([header.gateway, header.sourceGateway, header.broadcast]).toEqual([undefined, undefined, false])
    }
  })

  it('SE1 in a network with a key a relay cannot make up a plain node that calls services', async () => {
    world = new MeshWorld(102, { key })
    const relay = world.relay()
    const [ada, bob] = [world.member('ada', { key }), world.member('bob', { key })]
    let calls = 0
    for (const plain of [false, true]) bob.services.register(`door-${plain}`, () => String((calls += 1)), { plain })
    bob.on('message', () => (calls += 1))
    await world.acquainted(ada, bob)
    for (const service of ['door-false', 'door-true', '$mesh.message', '$mesh.describe', undefined]) {
      handOver(relay, bob, { srcAddr: 'printer', service, contextID: 9, data: 'open' })
    }
    await world.clock.advance(1_000)
    expect(calls).toBe(0)
    expect(bob.router.faults.get('UNSEALED')).toBe(5)
    // The control: without a key plain nodes are taken at their word, and what says plain answers.
    const open = new MeshWorld(103)
    const openRelay = open.relay()
    const cara = open.member('cara')
    cara.services.register('door', () => String((calls += 1)))
    await open.settle(cara.ready)
    await open.clock.advance(500)
    handOver(openRelay, cara, { srcAddr: 'printer', service: 'door', contextID: 9, data: 'open' })
    await open.clock.advance(500)
    expect(calls).toBe(1)
    await open.close()
  })

  it('SE1 a session packet that is replayed by a relay is heard once', async () => {
    world = new MeshWorld(104)
    const relay = world.relay()
    const [ada, bob] = [world.member('ada'), world.member('bob')]
    const heard: unknown[] = []
    bob.on('message', ({ parts }) => void heard.push(parts[0]))
    await world.acquainted(ada, bob)
    const link = relay.links().find(({ peer }) => peer?.address === bob.address)!
    const kept: Uint8Array[] = []
    const pass = link.passPacket.bind(link)
    link.passPacket = (bytes, whole) => {
      kept.push(bytes.slice())
      return pass(bytes, whole)
    }
    await world.settle(ada.send('bob', 'once'))
    await world.clock.advance(500)
    expect(kept.length).toBeGreaterThan(2)
    for (let time = 0; time < 3; time += 1) for (const bytes of kept) link.sendPacket(bytes)
    await world.clock.advance(60_000)
    expect(heard).toEqual(['once'])
    await world.settle(ada.send('bob', 'and on'))
    expect(heard).toEqual(['once', 'and on'])
  })
})

describe('SE6 who answers calls', () => {
  it('SE6 a plain node that offers what a member offers, idle and next door, is not called', async () => {
    world = new MeshWorld(105)
    world.relay()
    const [ada, bob] = [world.member('ada'), world.member('bob')]
    bob.services.register('read', () => 'the member', { load: 1 })
    await world.acquainted(ada, bob)
    const [theirs, ours] = world.sim.network.connect('sensor', 'ada', { carries: 'stream' })
    ada.router.addChannel(ours)
    theirs.start({ message: () => {}, drained: () => {}, closed: () => {} })
    theirs.send(frame(encodePacket({ netState: netStates.route, srcAddr: 'sensor', data: encodeRouteAdvert('sensor', 1) })))
    theirs.send(frame(encodePacket({ netState: netStates.service, data: encodeServiceAdvert('sensor', 'read', 1) })))
    await world.clock.advance(4_000)
    expect(
      ada.services
        .list('read')
        .map(({ kind }) => kind)
        .toSorted(),
    ).toEqual(['member', 'plain'])
    for (let time = 0; time < 5; time += 1) expect((await world.settle(ada.call('read', ''))).text()).toBe('the member')
  })
})
