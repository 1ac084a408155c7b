import { describe, expect, it } from 'vitest'
import { MeshError } from '../../src/errors/mesh-error.ts'
import { netStates, type DecodedPacket } from '../../src/wire/packet.ts'
import { RouterWorld, text } from './router-world.ts'

describe('capable routers', () => {
  it('ALN-04 a channel that is added brings a neighbour, whoever listens first', () => {
    const world = new RouterWorld()
    const [a, b] = [world.router('a'), world.router('b')]
    const { dialer, listener } = world.link(a, b)
    world.run(200)
    expect(dialer.peer).toEqual({ address: b.address, kind: 'member' })
    expect(listener.peer).toEqual({ address: a.address, kind: 'member' })
    expect(a.destination(b.address)).toMatchObject({ hops: 1, direct: true, name: 'b', via: b.address })
  })

  it('ALN-10 send answers with a typed error when a packet cannot leave, and with nothing when it left', () => {
    const world = new RouterWorld()
    const [a, b] = [world.router('a'), world.router('b')]
    expect(a.send({ destAddr: b.address, data: 'x' })?.code).toBe('NO_ROUTE')
    expect(a.send({ service: 'ping', data: 'x' })?.code).toBe('NO_SERVICE')
    expect(a.send({ data: 'x' })?.code).toBe('INVALID_OPTION')
    world.link(a, b)
    world.run(200)
    expect(a.send({ destAddr: b.address, data: 'x' })).toBeUndefined()
    expect(a.send({ destAddr: b.address, data: new Uint8Array(20_000) })?.code).toBe('TOO_LARGE')
    expect(a.send({ destAddr: a.address, service: 'x'.repeat(300) })?.code).toBe('TOO_LARGE')
    void a.close()
    expect(a.send({ destAddr: b.address, data: 'x' })?.code).toBe('CLOSED')
  })

  it('ALN-25 PY-34 reaches over hops, finds services, and brings the reply back to its context', () => {
    const world = new RouterWorld()
    const [a, r, b] = [world.router('a'), world.router('r', 'relay'), world.router('b')]
    b.registerService(
      'ping',
      (packet) => void b.send({ destAddr: packet.srcAddr, contextID: packet.contextID, data: `pong ${text(packet.data)}` }),
    )
    world.link(a, r)
    world.link(b, r)
    world.run(500)
    expect(a.services('ping')).toMatchObject([{ address: b.address, hops: 2 }])
    const replies: string[] = []
    const contextID = a.registerContext((packet) => void replies.push(text(packet.data)), { from: b.address })
    expect(a.send({ service: 'ping', contextID, data: 'one' })).toBeUndefined()
    world.run(200)
    expect(replies).toEqual(['pong one'])
    expect(r.forwarded).toBe(2)
  })

  it('ALN-12 ALN-13 ALN-14 a service registered, changed and unregistered later is news everywhere', () => {
    const world = new RouterWorld()
    const [a, r, b] = [world.router('a'), world.router('r', 'relay'), world.router('b')]
    world.link(a, r)
    world.link(b, r)
    world.run(500)
    const changes: string[] = []
    a.on('service', ({ service, state, load }) => changes.push(`${service} ${state} ${load}`))
    b.registerService('clock', () => {})
    world.run(300)
    b.setServiceLoad('clock', 64)
    world.run(300)
    b.unregisterService('clock')
    world.run(300)
    expect(changes).toEqual(['clock up 1', 'clock change 64', 'clock down 64'])
  })

  it('ALN-05 a closed channel withdraws the routes and the services behind it, near and far', async () => {
    const world = new RouterWorld()
    const [a, r, b] = [world.router('a'), world.router('r', 'relay'), world.router('b')]
    b.registerService('ping', () => {})
    world.link(a, r)
    const { dialer } = world.link(b, r)
    world.run(500)
    expect(a.services('ping')).toHaveLength(1)
    dialer.close()
    world.run(500)
    expect(a.services('ping')).toEqual([])
    expect(r.services('ping')).toEqual([])
    expect(a.destination(b.address)).toBeUndefined()
    expect(a.routes().map(({ address }) => address)).toEqual([r.address])
  })

  it('never learns a route to itself', () => {
    const world = new RouterWorld()
    const routers = [world.router('a'), world.router('b'), world.router('c')]
    routers.forEach((router, index) => world.link(router, routers[(index + 1) % 3]!))
    world.run(1_000)
    for (const router of routers) {
      expect(router.destination(router.address)).toBeUndefined()
      expect(router.routes()).toHaveLength(2)
    }
  })

  it('ALN-27 three routers in a ring and one service go quiet, also when a link is cut', () => {
    const world = new RouterWorld()
    const routers = [world.router('a'), world.router('b'), world.router('c')]
    const links = routers.map((router, index) => world.link(router, routers[(index + 1) % 3]!))
    routers[0]!.registerService('ping', () => {})
    let adverts = 0
    for (const { dialer, listener } of links) {
      for (const link of [dialer, listener]) {
        const { channel } = link
        const send = channel.send.bind(channel)
        // Frames of control that are no heartbeat: a ping or pong is below 40 bytes sealed.
        channel.send = (bytes) => {
          if (bytes[0] === 5 && bytes.length > 40) adverts++
          return send(bytes)
        }
      }
    }
    world.run(2_000)
    expect(adverts).toBeGreaterThan(0)
    expect(adverts).toBeLessThan(40)
    adverts = 0
    world.run(20_000)
    expect(adverts).toBe(0)
    links[0]!.dialer.close()
    world.run(2_000)
    expect(routers[0]!.destination(routers[1]!.address)).toMatchObject({ hops: 2 })
    adverts = 0
    world.run(20_000)
    expect(adverts).toBe(0)
  })

  it('ALN-29 the origin hears a NET_ERROR when its packet ends on the way, and when nobody takes it', () => {
    const world = new RouterWorld()
    const [a, r, b] = [world.router('a'), world.router('r', 'relay'), world.router('b')]
    world.link(a, r)
    const { dialer } = world.link(b, r)
    world.run(500)
    const errors: DecodedPacket[] = []
    const contextID = a.registerContext((packet) => void errors.push(packet))
    expect(a.send({ destAddr: b.address, service: 'nothing', contextID })).toBeUndefined()
    world.run(200)
    expect(errors).toMatchObject([{ netState: netStates.error, srcAddr: b.address, contextID }])
    expect(text(errors[0]?.data)).toMatch(/^NO_SERVICE/)
    // The relay knows that b is gone before a does.
    dialer.close()
    world.run(11)
    expect(a.send({ destAddr: b.address, service: 'nothing', contextID })).toBeUndefined()
    world.run(200)
    expect(errors).toHaveLength(2)
    expect(text(errors[1]?.data)).toMatch(/^NO_ROUTE/)
    expect(errors[1]?.srcAddr).toBe(r.address)
  })

  it('dispatches in order: the reply of a pending source, a local service, a registered context', () => {
    const world = new RouterWorld()
    const [a, b] = [world.router('a'), world.router('b')]
    world.link(a, b)
    world.run(200)
    const taken: string[] = []
    b.registerService('s', () => void taken.push('service'))
    const open = b.registerContext(() => void taken.push('context'))
    const pending = b.registerContext(() => void taken.push('reply'), { from: a.address })
    const foreign = b.registerContext(() => void taken.push('foreign'), { from: 'somebody-else' })
    a.send({ destAddr: b.address, contextID: pending, data: '1' })
    a.send({ destAddr: b.address, service: 's', contextID: open, data: '2' })
    a.send({ destAddr: b.address, contextID: open, data: '3' })
    a.send({ destAddr: b.address, contextID: foreign, data: '4' })
    world.run(100)
    expect(taken).toEqual(['reply', 'service', 'context'])
    expect(b.faults.get('NO_HANDLER')).toBe(1)
  })

  it('a flood reaches every member once over cycles and never its sender', () => {
    const world = new RouterWorld()
    const routers = ['a', 'b', 'c', 'd'].map((name) => world.router(name))
    routers.forEach((one, i) => routers.slice(i + 1).forEach((other) => world.link(one, other)))
    world.run(500)
    const heard: string[] = []
    routers.forEach((router, index) =>
      router.registerService('$news', (packet, { broadcast }) => void heard.push(`${index} ${text(packet.data)} ${broadcast}`)),
    )
    void routers[0]!.say({ service: '$news', data: 'x' })
    void routers[0]!.say({ service: '$news', data: 'x' })
    world.run(500)
    expect(heard.sort()).toEqual(['1 x true', '1 x true', '2 x true', '2 x true', '3 x true', '3 x true'])
  })

  it('copies of a broadcast that a slow neighbour does not take are counted', () => {
    const world = new RouterWorld()
    const [a, b, c] = [world.router('a'), world.router('b', 'relay'), world.router('c')]
    world.link(a, b)
    world.link(b, c, { highWaterBytes: 1_000, latencyMs: 900 })
    world.run(20_000)
    let taken = 0
    const data = new Uint8Array(15_000)
    for (let index = 0; index < 300; index++) {
      if (!(a.say({ service: '$news', data }) instanceof MeshError)) taken++
      world.run(11)
    }
    expect(taken).toBe(300)
    expect(b.faults.get('QUEUE_FULL')).toBeGreaterThan(0)
  })

  it('networks do not mix: both sides hear NETWORK_MISMATCH', async () => {
    const world = new RouterWorld()
    const [a, b] = [world.router('a', 'member', { network: 'garden' }), world.router('b', 'member', { network: 'house' })]
    const { dialer, listener } = world.link(a, b)
    world.run(500)
    await expect(dialer.up).rejects.toMatchObject({ code: 'NETWORK_MISMATCH' })
    await expect(listener.up).rejects.toMatchObject({ code: 'NETWORK_MISMATCH' })
    expect(a.routes()).toEqual([])
  })

  it('PP-27 PY-30 a neighbour that falls silent is given up within 13 s', () => {
    const world = new RouterWorld()
    const [a, b] = [world.router('a'), world.router('b')]
    const { listener } = world.link(a, b)
    world.run(500)
    listener.channel.send = () => true
    world.run(13_000)
    expect(a.destination(b.address)).toBeUndefined()
  })

  it('a router that closes is gone for the others at once, and has no news of its own', async () => {
    const world = new RouterWorld()
    const [a, b] = [world.router('a'), world.router('b')]
    const { dialer, listener } = world.link(a, b)
    b.registerService('ping', () => {})
    world.run(200)
    expect(listener.phase).toBe('joined')
    a.on('service', () => expect.unreachable('a router that is closed has no news'))
    await a.close()
    world.run(200)
    expect(dialer.phase).toBe('closed')
    expect(b.destination(a.address)).toBeUndefined()
  })
})
