import { afterEach, describe, expect, it } from 'vitest'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import { topologyOf, type Topology } from '../../src/introspection/topology.ts'
import type { Router } from '../../src/routing/router.ts'
import { encodeRouteAdvert } from '../../src/wire/adverts.ts'
import { frame } from '../../src/wire/kiss.ts'
import { netStates } from '../../src/wire/packet.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'
import { meshErrorOf } from '../mesh/mesh-error-of.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'
import { RouterWorld } from '../routing/router-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

function drawn({ nodes, links }: Topology): string[] {
  const names = new Map(nodes.map(({ address, name }) => [address, name]))
  return links.map(({ from, to, own }) => [names.get(from), names.get(to)].toSorted().join('-') + (own ? '!' : '')).toSorted()
}

describe('the topology', () => {
  it('ALN-35 has every node, the own links and those of the neighbours, and no link that is not there', () => {
    const routers = new RouterWorld()
    const named = (name: string): Router => routers.router(name, 'relay')
    const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map(named) as [Router, Router, Router, Router, Router]
    // A square, and e behind its far corner.
    for (const [one, other] of [
      [a, b],
      [b, c],
      [c, d],
      [d, a],
      [c, e],
    ] as const)
      routers.link(one, other)
    routers.run(5_000)
    const topology = topologyOf(a, { name: 'a' })
    expect(topology.nodes[0]).toEqual({ address: a.address, name: 'a', kind: 'member', hops: 0, cost: 0, via: a.address })
    expect(Object.fromEntries(topology.nodes.map(({ name, hops }) => [name, hops]))).toEqual({ a: 0, b: 1, c: 2, d: 1, e: 3 })
    expect(drawn(topology)).toEqual(['a-b!', 'a-d!', 'b-c', 'c-d'])
    expect(topology.nodes.find(({ name }) => name === 'e')?.via).toBe(topology.nodes.find(({ name }) => name === 'c')?.via)
    for (const { cost } of topology.links) expect(cost).toBe(21)
    for (const link of b.links()) if (link.peer?.address === c.address) link.close()
    routers.run(5_000)
    expect(drawn(topologyOf(a, { name: 'a' }))).toEqual(['a-b!', 'a-d!', 'c-d'])
  })

  it('ALN-35 a plain node hangs on its gateway', () => {
    const routers = new RouterWorld()
    const [a, gateway] = [routers.router('a'), routers.router('gateway', 'relay')]
    routers.link(a, gateway)
    const [plain, listener] = memoryChannelPair(routers.clock, { carries: 'stream' })
    plain.start({ message: () => {}, drained: () => {}, closed: () => {} })
    gateway.addChannel(listener)
    for (const [name, cost] of [
      ['py-1', 1],
      ['py-2', 2],
    ] as const) {
      plain.send(frame(encodePacket({ netState: netStates.route, srcAddr: 'py-1', data: encodeRouteAdvert(name, cost) })))
    }
    routers.run(3_000)
    const topology = topologyOf(a, { name: 'a' })
    expect(drawn(topology)).toEqual(['a-gateway!', 'gateway-py-1'])
    expect(topology.nodes.find(({ name }) => name === 'py-2')).toMatchObject({ kind: 'plain', hops: 3, via: gateway.address })
  })

  it('ALN-35 a mesh gives it at any time once it is ready, and its health always', async () => {
    world = new MeshWorld(90)
    const relay = world.relay()
    const [ada, bob] = [world.member('ada'), world.member('bob')]
    expect(meshErrorOf(() => ada.topology()).code).toBe('NOT_READY')
    expect(ada.health()).toEqual({
      online: false,
      pending: expect.any(Number) as number,
      links: [],
      stored: 0,
      errors: [],
      reachable: 0,
      forwarded: 0,
      faults: {},
    })
    await world.acquainted(ada, bob)
    await world.clock.advance(1_000)
    expect(drawn(ada.topology())).toEqual(['ada-relay!', 'bob-relay'])
    bob.services.register('never', () => new Promise<string>(() => {}))
    await world.settle(ada.services.wait('never'))
    void ada.call('never')
    expect(ada.health()).toMatchObject({
      online: true,
      pending: 1,
      reachable: 2,
      links: [{ address: relay.address, kind: 'relay', medium: 'websocket', roundTripMs: 20 }],
    })
    expect(
      ada.router
        .routes()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['bob', 'relay'])
    expect(ada.router.services()).toMatchObject([{ service: 'never', address: bob.address, load: 1, hops: 2 }])
  })
})
