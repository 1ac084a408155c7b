import { describe, expect, it } from 'vitest'
import type { Router } from '../../src/routing/router.ts'
import { encodeRouteAdvert, encodeServiceAdvert } from '../../src/wire/adverts.ts'
import { netStates, type Packet } from '../../src/wire/packet.ts'
import { RouterWorld, text } from '../routing/router-world.ts'
import { PlainPeer, pong } from './plain-peer.ts'

describe('the plain edge', () => {
  for (const carries of ['stream', 'text'] as const) {
    it(`a plain node over a ${carries} channel and a member two hops away call each other`, () => {
      const world = new RouterWorld()
      const [relay, member] = [world.router('relay', 'relay'), world.router('member')]
      pong(member)
      world.link(member, relay)
      const plain = new PlainPeer(world, relay, carries)
      plain.join('sensor', 'temp')
      world.run(1_000)
      expect(plain.services()).toContain(`${member.address} ping 1`)
      expect(plain.routes().find((row) => row.startsWith(member.address))).toBe(`${member.address} 65`)
      plain.say({ service: 'ping', srcAddr: 'sensor', destAddr: member.address, nextAddr: relay.address, contextID: 7, data: 'hi' })
      world.run(200)
      expect(plain.data()).toMatchObject([{ srcAddr: member.address, destAddr: 'sensor', contextID: 7 }])
      expect(text(plain.data()[0]?.data)).toBe('pong hi')

      expect(member.services('temp')).toMatchObject([{ address: 'sensor', kind: 'plain', hops: 2 }])
      const replies: string[] = []
      const contextID = member.registerContext((packet) => void replies.push(text(packet.data)), { from: 'sensor' })
      member.send({ service: 'temp', contextID, data: 'now' })
      world.run(200)
      const asked = plain.data().find(({ service }) => service === 'temp')
      expect(asked).toMatchObject({ srcAddr: member.address, destAddr: 'sensor', contextID })
      plain.say({ srcAddr: 'sensor', destAddr: asked!.srcAddr, contextID: asked!.contextID, data: '21.5' })
      world.run(200)
      expect(replies).toEqual(['21.5'])

      plain.close()
      world.run(500)
      expect(member.services('temp')).toEqual([])
      expect(member.destination('sensor')).toBeUndefined()
    })
  }

  it('an edge node that only ever sends is answered, and asks every provider', () => {
    const world = new RouterWorld()
    const [relay, one, two] = [world.router('relay', 'relay'), world.router('one'), world.router('two')]
    pong(one)
    pong(two)
    world.link(one, relay)
    world.link(two, relay)
    const edge = new PlainPeer(world, relay)
    world.run(500)
    edge.say({ service: 'ping', srcAddr: 'edge', contextID: 9, data: 'x' })
    world.run(500)
    expect(
      edge
        .data()
        .map(({ srcAddr }) => srcAddr)
        .sort(),
    ).toEqual([one.address, two.address].sort())
  })

  it('is told of changes and withdrawals, never of a route to itself, never a load of 0', () => {
    const world = new RouterWorld()
    const [relay, member] = [world.router('relay', 'relay'), world.router('member')]
    const plain = new PlainPeer(world, relay)
    plain.join('sensor')
    world.run(500)
    const { dialer } = world.link(member, relay)
    member.registerService('a', () => {})
    member.registerService('b', () => {})
    world.run(500)
    plain.heard.length = 0
    member.unregisterService('a')
    world.run(500)
    const aboutMember = (): string[] => plain.routes().filter((row) => row.startsWith(member.address))
    expect(aboutMember()).toEqual([`${member.address} 0`, `${member.address} 65`])
    expect(plain.services()).toEqual([`${member.address} b 1`])
    plain.heard.length = 0
    dialer.close()
    world.run(500)
    expect(aboutMember()).toEqual([`${member.address} 0`])
    expect([...plain.routes(), ...plain.services()].some((row) => row.startsWith('sensor') || row.endsWith(' load 0'))).toBe(false)
  })

  it('a plain node cannot speak or advertise as a member (SE1)', () => {
    const world = new RouterWorld()
    const [relay, member] = [world.router('relay', 'relay'), world.router('member')]
    let called = 0
    relay.registerService('ping', () => void called++)
    world.link(member, relay)
    const plain = new PlainPeer(world, relay)
    plain.join('sensor')
    const stranger = world.router('stranger').address
    plain.say(
      { netState: netStates.route, srcAddr: 'sensor', data: encodeRouteAdvert(stranger, 1) },
      { netState: netStates.service, data: encodeServiceAdvert(stranger, 'bank', 1) },
      { service: 'ping', srcAddr: member.address, destAddr: relay.address, data: 'x' },
    )
    world.run(500)
    expect(called).toBe(0)
    expect(relay.destination(stranger)).toBeUndefined()
    expect(relay.services('bank')).toEqual([])
    expect(relay.faults.get('SPOOFED')).toBe(3)
  })

  describe('in a ring of plain nodes', () => {
    function ring(): { world: RouterWorld; relay: Router; member: Router; y: PlainPeer } {
      const world = new RouterWorld()
      const [relay, member] = [world.router('relay', 'relay'), world.router('member')]
      pong(member)
      world.link(member, relay)
      const y = new PlainPeer(world, relay)
      y.join('y')
      y.say(
        { netState: netStates.route, srcAddr: 'y', data: encodeRouteAdvert('x', 2) },
        { netState: netStates.service, data: encodeServiceAdvert('x', 'temp', 1) },
      )
      world.run(15_000)
      y.heard.length = 0
      return { world, relay, member, y }
    }
    const withdrawn = (destination: string): Packet => ({
      netState: netStates.route,
      srcAddr: 'x',
      data: encodeRouteAdvert(destination, 0),
    })

    it('ALN-27 what a withdrawal of another link made a plain neighbour forget, it is told again', () => {
      const { world, relay, member, y } = ring()
      // Python, Node.js and Go delete a route that anybody withdraws, and pass the withdrawal on under the first source.
      y.say(withdrawn(relay.address), withdrawn(member.address))
      world.run(100)
      expect(y.heard).toEqual([])
      world.run(1_000)
      expect(y.routes().sort()).toEqual([`${member.address} 65`, `${relay.address} 1`].sort())
      expect(y.services()).toEqual([`${member.address} ping 1`])
      y.heard.length = 0
      y.say(withdrawn(member.address))
      world.run(2_000)
      expect(y.routes()).toEqual([`${member.address} 65`])
      expect(relay.faults.get('SPOOFED')).toBeUndefined()
    })

    it('a storm of withdrawals is answered once a second', () => {
      const { world, member, y } = ring()
      for (let i = 0; i < 300; i++) {
        y.say(withdrawn(member.address), withdrawn('y'))
        world.run(10)
      }
      world.run(2_000)
      expect(y.routes().length).toBeLessThanOrEqual(5)
      expect(y.heard.filter(({ netState }) => netState === netStates.query).length).toBeLessThanOrEqual(4)
      expect(y.routes().at(-1)).toBe(`${member.address} 65`)
    })

    it('a withdrawal that is passed on does not rename the neighbour that passes it on', () => {
      const { world, member, y } = ring()
      y.say(withdrawn(member.address))
      world.run(2_000)
      member.send({ destAddr: 'x', service: 'temp', contextID: 9 })
      world.run(200)
      expect(y.data()).toMatchObject([{ destAddr: 'x', nextAddr: 'y' }])
    })

    it('a plain neighbour that finds its own way to another is not told that ours is gone', () => {
      const { world, relay, y } = ring()
      const z = new PlainPeer(world, relay)
      z.join('z', 'light')
      world.run(500)
      expect(y.routes()).toContain('z 65')
      y.heard.length = 0
      y.say({ netState: netStates.route, srcAddr: 'y', data: encodeRouteAdvert('z', 2) })
      world.run(500)
      expect(y.routes()).toEqual([])
      // Without it, ours is told again.
      y.say(withdrawn('z'))
      world.run(1_500)
      expect(y.routes()).toEqual(['z 65'])
      expect(y.services()).toEqual(['z light 1'])
    })

    it('a service that was told on one link only outlives it where another way to its host is left', () => {
      const { world, relay, y } = ring()
      const x = new PlainPeer(world, relay)
      // The service goes from x to us to y, and y, which knows it then, does not repeat it to us.
      x.join('x', 'light')
      world.run(500)
      expect(relay.services('light')).toMatchObject([{ address: 'x', hops: 1 }])
      x.close()
      world.run(500)
      expect(relay.services('light')).toMatchObject([{ address: 'x', hops: 2 }])
      y.say(withdrawn('x'))
      world.run(500)
      expect(relay.services('light')).toEqual([])
    })

    it('a nearer way to a host does not hide the services that were heard of by the farther one', () => {
      const { world, relay } = ring()
      const z = new PlainPeer(world, relay)
      z.join('z')
      z.say({ netState: netStates.route, srcAddr: 'z', data: encodeRouteAdvert('x', 1) })
      world.run(500)
      expect(relay.services('temp')).toMatchObject([{ address: 'x', hops: 1 }])
      z.say({ netState: netStates.service, data: encodeServiceAdvert('x', 'temp', 0) })
      world.run(500)
      expect(relay.services('temp')).toEqual([])
    })

    it('a plain node that others know is not told of itself before it said its name', () => {
      const { world, relay } = ring()
      const x = new PlainPeer(world, relay)
      x.say({ netState: netStates.query })
      world.run(60)
      expect(x.routes()).toContain(`${relay.address} 1`)
      x.say({ netState: netStates.route, srcAddr: 'x', data: encodeRouteAdvert('x', 1) })
      world.run(15_000)
      expect(x.routes().filter((row) => row.startsWith('x '))).toEqual([])
      expect(x.routes()).toContain('y 65')
    })

    it('what comes back of our own adverts is no fraud', () => {
      const { world, relay, member, y } = ring()
      y.say(
        { netState: netStates.route, srcAddr: 'y', data: encodeRouteAdvert(member.address, 66) },
        { netState: netStates.route, srcAddr: 'y', data: encodeRouteAdvert(member.address, 2) },
        { netState: netStates.service, data: encodeServiceAdvert(member.address, 'ping', 1) },
      )
      world.run(500)
      expect(relay.faults.get('SPOOFED')).toBeUndefined()
      expect(relay.destination(member.address)).toMatchObject({ kind: 'member', hops: 1 })
    })
  })

  it('a node that closes takes back what it told: not every plain stack forgets it with the link', () => {
    const world = new RouterWorld()
    const [relay, member] = [world.router('relay', 'relay'), world.router('member')]
    pong(member)
    world.link(member, relay)
    const plain = new PlainPeer(world, relay)
    plain.join('sensor')
    world.run(500)
    plain.heard.length = 0
    void relay.close()
    world.run(500)
    expect(plain.routes().sort()).toEqual([`${member.address} 0`, `${relay.address} 0`].sort())
  })

  it('of two links under one plain name the newest is used: the other may be dead without knowing it', () => {
    const world = new RouterWorld()
    const relay = world.router('relay', 'relay')
    const before = new PlainPeer(world, relay)
    before.join('sensor', 'temp')
    world.run(500)
    const after = new PlainPeer(world, relay)
    after.join('sensor', 'temp')
    world.run(500)
    relay.send({ service: 'temp', contextID: 4 })
    world.run(200)
    expect([before.data().length, after.data().length]).toEqual([0, 1])
  })

  it('hidden services are neither told to plain nodes nor answered', () => {
    const world = new RouterWorld()
    const [relay, member] = [world.router('relay', 'relay'), world.router('member')]
    let called = 0
    member.registerService('secret', () => void called++, { plain: false })
    world.link(member, relay)
    const plain = new PlainPeer(world, relay)
    plain.join('sensor')
    world.run(500)
    expect(plain.services()).toEqual([])
    plain.say({ service: 'secret', srcAddr: 'sensor', destAddr: member.address, contextID: 5 })
    world.run(500)
    expect(called).toBe(0)
    expect(text(plain.heard.find(({ netState }) => netState === netStates.error)?.data)).toMatch(/^NO_SERVICE/)
    expect(relay.services('secret')).toHaveLength(1)
  })

  it('a plain node of many names and noise stays within bounds, and the rest goes on', () => {
    const world = new RouterWorld()
    const relay = world.router('relay', 'relay')
    pong(relay)
    const noisy = new PlainPeer(world, relay)
    noisy.join('noisy')
    for (let i = 0; i < 3_000; i++) noisy.say({ netState: netStates.route, srcAddr: 'noisy', data: encodeRouteAdvert(`host-${i}`, 2) })
    world.run(500)
    expect(relay.routes().length).toBeLessThanOrEqual(1_024)
    const other = new PlainPeer(world, relay)
    other.join('other')
    world.run(500)
    other.say({ service: 'ping', srcAddr: 'other', destAddr: relay.address, contextID: 3, data: 'still' })
    world.run(200)
    expect(text(other.data()[0]?.data)).toBe('pong still')
  })

  it('refuses plain nodes with one NET_ERROR where they are not wanted', async () => {
    const world = new RouterWorld()
    const relay = world.router('relay', 'relay', { plainNodes: 'refuse' })
    const plain = new PlainPeer(world, relay)
    plain.join('sensor')
    world.run(500)
    expect(plain.heard.filter(({ netState }) => netState === netStates.error).map(({ data }) => text(data))).toEqual([
      'PLAIN_REFUSED plain ALN nodes are not accepted here',
    ])
    expect(relay.links()).toEqual([])
  })

  it('two routers of ours on a stream recognise each other and become capable neighbours; free-form names stay unverified', () => {
    const world = new RouterWorld()
    const [hub, one, two] = ['hub', 'one', 'two'].map((name) => world.router(name, 'named'))
    pong(one!)
    world.link(one!, hub!, { carries: 'stream' })
    world.link(two!, hub!, { carries: 'text' })
    world.run(1_000)
    expect(two!.destination('one')).toMatchObject({ kind: 'plain', verified: false, hops: 2, via: 'hub' })
    const replies: string[] = []
    const contextID = two!.registerContext((packet) => void replies.push(text(packet.data)))
    expect(two!.send({ destAddr: 'one', service: 'ping', contextID, data: 'x' })).toBeUndefined()
    world.run(200)
    expect(replies).toEqual(['pong x'])
  })

  it('of two nodes with one free-form name the first stays, the second is refused', async () => {
    const world = new RouterWorld()
    const hub = world.router('hub', 'named')
    const first = world.router('twin', 'named')
    const second = world.router('twin', 'named')
    const links = [world.link(first, hub), world.link(second, hub)]
    world.run(500)
    expect(links[0]!.listener.phase).toBe('joined')
    await expect(links[1]!.listener.up).rejects.toMatchObject({ code: 'IDENTITY_IN_USE' })
  })
})
