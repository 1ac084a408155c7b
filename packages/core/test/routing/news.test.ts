import { describe, expect, it } from 'vitest'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import { frame } from '../../src/wire/kiss.ts'
import { encodeRouteAdvert } from '../../src/wire/adverts.ts'
import { netStates } from '../../src/wire/packet.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'
import { RouterWorld, text } from './router-world.ts'

describe('news of origins', () => {
  it('a service is told on also when its origin raised its number again before the record was pulled', () => {
    const world = new RouterWorld()
    const [origin, near, middle, far, asker] = ['origin', 'near', 'middle', 'far', 'asker'].map((name) => world.router(name))
    world.link(origin!, near!)
    world.link(near!, middle!, { latencyMs: 200 })
    world.link(middle!, far!)
    const { dialer } = world.link(asker!, origin!)
    world.run(5_000)
    origin!.registerService('news', () => {})
    world.run(100)
    // Somebody needs a greater number, which says nothing new to `near`.
    dialer.sendControl({ type: 'request', destination: origin!.address, seq48: 2 ** 47, hops: 10 })
    world.run(10_000)
    for (const router of [near!, middle!, far!]) expect(router.services('news')).toHaveLength(1)
  })

  it('a member whose clock went back is believed again as soon as it is told its last number', () => {
    const world = new RouterWorld()
    const [relay, far] = [world.router('relay', 'relay'), world.router('far')]
    world.link(far, relay)
    const before = world.router('before', 'member', { epoch: 1_800_000_000 })
    before.registerService('old', () => {})
    const { dialer } = world.link(before, relay)
    world.run(1_000)
    expect(far.services('old')).toHaveLength(1)
    dialer.close()
    world.run(1_000)
    const after = world.router('after', 'member', { epoch: 1_700_000_000, again: before })
    after.registerService('new', () => {})
    world.link(after, relay)
    world.run(2_000)
    expect(far.destination(after.address)).toMatchObject({ name: 'after', hops: 2 })
    expect(far.services()).toMatchObject([{ service: 'new' }])
  })

  it('a named node that the plain world knows too learns no route to itself, keeps its services, and is plain again when its link goes', () => {
    const world = new RouterWorld()
    const [gateway, far, thing] = [world.router('gateway', 'relay'), world.router('far'), world.router('thing', 'named')]
    thing.registerService('light', () => {})
    const [plain, listener] = memoryChannelPair(world.clock, { carries: 'stream' })
    plain.start({ message: () => {}, drained: () => {}, closed: () => {} })
    gateway.addChannel(listener)
    plain.send(frame(encodePacket({ netState: netStates.route, srcAddr: 'neighbour', data: encodeRouteAdvert('thing', 2) })))
    world.link(far, gateway)
    world.run(3_000)
    expect(far.destination('thing')).toMatchObject({ kind: 'plain', gateway: gateway.address })
    const { dialer } = world.link(thing, far)
    world.run(3_000)
    expect(far.destination('thing')).toMatchObject({ direct: true })
    expect(thing.destination('thing')).toBeUndefined()
    expect(thing.services('light')).toMatchObject([{ address: 'thing', hops: 0 }])
    dialer.close()
    const changes: string[] = []
    far.on('destination', ({ address, state }) => void changes.push(`${address} ${state}`))
    world.run(3_000)
    expect(far.destination('thing')).toMatchObject({ kind: 'plain', gateway: gateway.address })
    expect(changes).toEqual(['thing change'])
  })

  it('ALN-01 of two named nodes under one name the first one stands while it can be reached, wherever the other comes', async () => {
    const world = new RouterWorld()
    const [r1, r2] = [world.router('r1', 'relay'), world.router('r2', 'relay')]
    world.link(r1, r2)
    const { dialer } = world.link(world.router('thing', 'named'), r1)
    world.run(1_000)
    const second = world.router('thing', 'named', { epoch: 1_800_000_000 })
    second.registerService('light', () => {})
    const refused = world.link(second, r2)
    world.run(1_000)
    expect(refused.dialer.phase).toBe('closed')
    await expect(refused.listener.up).rejects.toMatchObject({ code: 'IDENTITY_IN_USE' })
    expect(r2.destination('thing')).toMatchObject({ hops: 2 })
    dialer.close()
    world.run(1_000)
    world.link(second, r2)
    world.run(1_000)
    expect(r1.services('light')).toMatchObject([{ address: 'thing', hops: 2 }])
  })

  it('a listener that throws costs no link and no other listener anything', () => {
    const world = new RouterWorld()
    const [a, b] = [world.router('a'), world.router('b')]
    const heard: string[] = []
    a.on('destination', () => {
      throw new Error('not my day')
    })
    a.on('fault', ({ code }) => {
      heard.push(code)
      throw new Error('nor mine')
    })
    a.on('destination', ({ state }) => void heard.push(state))
    world.link(a, b)
    world.run(500)
    expect(a.destination(b.address)).toMatchObject({ direct: true })
    expect(heard).toEqual(['HANDLER_FAILED', 'up'])
  })

  it('ALN-14 what is new comes along when the route that had not brought it yet is lost', () => {
    const world = new RouterWorld()
    const [origin, slow, quick, middle, far] = ['origin', 'slow', 'quick', 'middle', 'far'].map((name) => world.router(name))
    world.link(origin!, slow!, { latencyMs: 1_200 })
    const lost = world.link(slow!, middle!)
    world.link(middle!, far!)
    world.run(60_000)
    // Quick, and dear all the same.
    quick!.setReluctant(true)
    world.link(origin!, quick!, { medium: 'serial' })
    world.link(quick!, middle!, { medium: 'serial' })
    world.run(20_000)
    expect(middle!.destination(origin!.address)?.via).toBe(slow!.address)
    origin!.registerService('fresh', () => {})
    world.run(800)
    expect(middle!.services('fresh')).toHaveLength(1)
    expect(far!.services('fresh')).toHaveLength(0)
    lost.dialer.close()
    world.run(1_000)
    expect(far!.services('fresh')).toHaveLength(1)
  })

  it('the route to a newcomer is ahead of its first packet, also where several come at once', () => {
    const world = new RouterWorld()
    const [far, middle] = [world.router('far'), world.router('middle', 'relay')]
    world.link(far, middle, { latencyMs: 1 })
    world.run(500)
    const heard: string[] = []
    far.registerService('hello', (packet) => {
      heard.push(text(packet.data))
      expect(far.send({ destAddr: packet.srcAddr, contextID: packet.contextID, data: 'welcome' })).toBeUndefined()
    })
    world.run(500)
    const answers: string[] = []
    for (let count = 0; count < 4; count += 1) {
      const newcomer = world.router(`newcomer ${count}`)
      const contextID = newcomer.registerContext((packet) => void answers.push(text(packet.data)))
      newcomer.on('service', ({ address, state }) => {
        if (state === 'up') newcomer.send({ destAddr: address, service: 'hello', contextID, data: String(count) })
      })
      world.link(newcomer, middle, { latencyMs: 1 })
      world.run(1)
    }
    world.run(2_000)
    expect(heard.toSorted()).toEqual(['0', '1', '2', '3'])
    expect(answers).toHaveLength(4)
  })
})
