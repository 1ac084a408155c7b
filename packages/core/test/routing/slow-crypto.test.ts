import { describe, expect, it } from 'vitest'
import { nobleCrypto } from '../../src/crypto/noble-crypto.ts'
import type { Router } from '../../src/routing/router.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { RouterWorld, text } from './router-world.ts'

const seeds = [1, 2, 3, 4, 5, 6, 7, 8]

function answer(router: Router, service: string): void {
  router.registerService(
    service,
    ({ srcAddr, contextID, data }) => void router.send({ destAddr: srcAddr, contextID, data: `pong ${text(data)}` }),
  )
}

/** What everybody sees of everybody else's services, as one line each. */
function picture(routers: readonly Router[]): string[] {
  return routers.map((router) =>
    router
      .services()
      .map(({ service, address, load }) => `${service} ${routers.findIndex((one) => one.address === address)} ${load}`)
      .sort()
      .join(', '),
  )
}

describe('routers over a crypto port that answers with promises', () => {
  it.each(seeds)('reach each other over hops, and the first call comes back (seed %i)', async (seed) => {
    const world = new RouterWorld({ seed, cryptoMsMax: 8 })
    const [a, r, b] = [world.router('a'), world.router('r', 'relay'), world.router('b')]
    answer(b, 'ping')
    const replies: string[] = []
    const contextID = a.registerContext((packet) => void replies.push(text(packet.data)), { from: b.address })
    a.on('service', ({ service, address, state }) => {
      if (state === 'up') expect(a.send({ service, destAddr: address, contextID, data: 'at once' })).toBeUndefined()
    })
    world.link(b, r)
    world.link(a, r)
    await world.advance(2_000)
    expect(replies).toEqual(['pong at once'])
    expect(a.destination(b.address)).toMatchObject({ hops: 2 })
    expect([...a.faults, ...r.faults, ...b.faults]).toEqual([])
  })

  it.each(seeds)('what two neighbours say first arrives, in both directions (seed %i)', async (seed) => {
    const world = new RouterWorld({ seed, cryptoMsMax: 8 })
    const [a, b] = [world.router('a'), world.router('b')]
    answer(a, 'ping')
    answer(b, 'ping')
    const replies: string[] = []
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      const contextID = from.registerContext((packet) => void replies.push(`${packet.srcAddr} ${text(packet.data)}`), { from: to.address })
      from.on('destination', ({ state }) => {
        if (state === 'up') expect(from.send({ service: 'ping', destAddr: to.address, contextID, data: 'first' })).toBeUndefined()
      })
    }
    world.link(a, b)
    await world.advance(2_000)
    expect(replies.sort()).toEqual([`${a.address} pong first`, `${b.address} pong first`].sort())
    expect([...a.faults, ...b.faults]).toEqual([])
  })

  it.each(seeds)('find each other over streams and text, where a plain node could be (seed %i)', async (seed) => {
    for (const carries of ['stream', 'text'] as const) {
      const world = new RouterWorld({ seed, cryptoMsMax: 40 })
      const [a, r, b] = [world.router('a'), world.router('r', 'relay'), world.router('b')]
      answer(b, 'ping')
      const links = [
        world.link(a, r, { carries, slicing: world.dice, latencyMs: 5 }),
        world.link(r, b, { carries, slicing: world.dice, latencyMs: 5 }),
        world.link(b, r, { carries, slicing: world.dice, latencyMs: 5 }),
      ]
      await world.advance(3_000)
      for (const { dialer, listener } of links) expect([dialer.phase, listener.phase]).toEqual(['joined', 'joined'])
      const replies: string[] = []
      const contextID = a.registerContext((packet) => void replies.push(text(packet.data)))
      for (let count = 0; count < 50; count++) {
        b.setServiceLoad('ping', 1 + count)
        expect(a.send({ service: 'ping', contextID, data: String(count) })).toBeUndefined()
        await world.advance(world.dice.between(0, 20))
      }
      await world.advance(1_000)
      expect(replies).toEqual(Array.from({ length: 50 }, (_, count) => `pong ${count}`))
      links[2]!.dialer.close('cut')
      await world.advance(500)
      expect(a.destination(b.address)).toMatchObject({ hops: 2 })
      expect([...a.faults, ...r.faults, ...b.faults]).toEqual([])
    }
  })

  it.each(seeds)('a channel that ends at any moment of the handshake leaves nothing behind (seed %i)', async (seed) => {
    const world = new RouterWorld({ seed, cryptoMsMax: 8 })
    const [a, b] = [world.router('a'), world.router('b')]
    for (let afterMs = 0; afterMs < 160; afterMs += 4) {
      const { dialer, listener } = world.link(a, b, { latencyMs: 5 })
      await world.advance(afterMs)
      const [closing] = afterMs % 8 ? [dialer] : [listener]
      closing.close('enough')
      await world.advance(300)
      expect([dialer.phase, listener.phase]).toEqual(['closed', 'closed'])
      expect([a.links(), b.links(), a.routes(), b.routes()]).toEqual([[], [], [], []])
    }
  })

  it.each(seeds)('a router that closes at any moment of a handshake stays closed, and asks for no more time (seed %i)', async (seed) => {
    for (let afterMs = 0; afterMs < 120; afterMs += 6) {
      const world = new RouterWorld({ seed: seed * 1_000 + afterMs, cryptoMsMax: 8 })
      const [a, b] = [world.router('a'), world.router('b')]
      b.registerService('ping', () => {})
      const { dialer, listener } = world.link(a, b, { latencyMs: 5 })
      await world.advance(afterMs)
      const closed = a.close()
      a.on('destination', () => expect.unreachable('a closed router has no news'))
      await world.advance(1_000)
      await closed
      expect([dialer.phase, listener.phase]).toEqual(['closed', 'closed'])
      expect([a.links(), a.routes(), b.links(), b.routes()]).toEqual([[], [], [], []])
      await b.close()
      await world.advance(1_000)
      expect(world.clock.waiting).toBe(0)
    }
  })

  it.each(seeds)('services that change all the time are the same everywhere in the end (seed %i)', async (seed) => {
    const world = new RouterWorld({ seed, cryptoMsMax: 30 })
    const routers = ['a', 'b', 'c', 'd', 'e'].map((name, index) => world.router(name, index === 2 ? 'relay' : 'member'))
    routers.forEach((router, index) => world.link(router, routers[(index + 1) % routers.length]!))
    for (let turn = 0; turn < 60; turn++) {
      const router = world.dice.pick(routers)
      const name = world.dice.pick(['x', 'y', 'z'])
      if (world.dice.chance(0.5)) router.registerService(name, () => {}, { load: 1 + world.dice.between(0, 99) })
      else router.unregisterService(name)
      if (world.dice.chance(0.15) && router.links().length > 0) world.dice.pick(router.links()).close('cut')
      if (world.dice.chance(0.15)) world.link(router, world.dice.pick(routers.filter((other) => other !== router)))
      await world.advance(world.dice.between(0, 69))
    }
    routers.forEach((router, index) => world.link(router, routers[(index + 1) % routers.length]!))
    await world.advance(60_000)
    expect(new Set(picture(routers))).toHaveLength(1)
    for (const router of routers) expect(router.routes()).toHaveLength(4)
  })

  it('the same with real keys', async () => {
    const world = new RouterWorld({ seed: 3, crypto: nobleCrypto(new SeededDice(3)), cryptoMsMax: 5 })
    const [a, r, b] = [world.router('a'), world.router('r', 'relay'), world.router('b')]
    answer(b, 'ping')
    world.link(a, r)
    world.link(b, r)
    await world.advance(1_000)
    const replies: string[] = []
    const contextID = a.registerContext((packet) => void replies.push(text(packet.data)))
    expect(a.send({ service: 'ping', contextID, data: 'one' })).toBeUndefined()
    await world.advance(1_000)
    expect(replies).toEqual(['pong one'])
  })
})
