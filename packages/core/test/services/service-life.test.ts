import { afterEach, describe, expect, it } from 'vitest'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { meshErrorOf } from '../mesh/mesh-error-of.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

function members(seed: number, ...names: string[]): Promise<Mesh[]> {
  world = new MeshWorld(seed)
  return world.members(...names)
}

function eventsOf(mesh: Mesh): string[] {
  const told: string[] = []
  for (const event of ['up', 'change', 'down'] as const) {
    mesh.services.on(event, ({ service, load }) => void told.push(`${event} ${service} ${load.toFixed(2)}`))
  }
  return told
}

/** How many records of `origin` this mesh has been shown. */
function numberOf(mesh: Mesh, origin: Mesh): number {
  return mesh.router.origin(origin.address)?.selected?.seq48 ?? 0
}

describe('the life of a service', () => {
  it('ALN-12 one more service is told alone: others that offer much are not told again', async () => {
    const [ada, bob] = (await members(60, 'ada', 'bob')) as [Mesh, Mesh]
    for (let count = 0; count < 20; count++) bob.services.register(`of bob ${count}`, () => '')
    await world.clock.advance(1_000)
    const before = numberOf(ada, bob)
    const told = eventsOf(ada)
    ada.services.register('of ada', () => '')
    await world.clock.advance(5_000)
    expect(bob.services.list('of ada')).toHaveLength(1)
    expect(told).toEqual(['up of ada 0.00'])
    expect(numberOf(ada, bob)).toBe(before)
  })

  it('ALN-12 a name is registered once, and the second is refused and not lost in silence', async () => {
    const [ada] = (await members(61, 'ada')) as [Mesh]
    const first = ada.services.register('ping', () => 'first')
    expect(meshErrorOf(() => ada.services.register('ping', () => 'second')).code).toBe('INVALID_OPTION')
    expect((await world.settle(ada.call('ping'))).text()).toBe('first')
    first.close()
    ada.services.register('ping', () => 'second')
    first.close()
    expect((await world.settle(ada.call('ping'))).text()).toBe('second')
  })

  it('ALN-12 a member offers 32 services, and the 33rd is refused at home', async () => {
    const [ada, bob] = (await members(62, 'ada', 'bob')) as [Mesh, Mesh]
    for (let count = 0; count < 32; count++) bob.services.register(`service ${count}`, () => '')
    expect(meshErrorOf(() => bob.services.register('one more', () => '')).code).toBe('QUEUE_FULL')
    await world.clock.advance(1_000)
    expect(ada.services.list()).toHaveLength(32)
  })

  it('ALN-13 an unregistered service is gone everywhere within a second, its neighbours in the record stay', async () => {
    const [ada, bob, eve] = (await members(63, 'ada', 'bob', 'eve')) as [Mesh, Mesh, Mesh]
    const ping = bob.services.register('ping', () => 'pong', { load: 0.5 })
    bob.services.register('stays', () => '')
    await world.clock.advance(1_000)
    const told = [ada, eve].map(eventsOf)
    ping.close()
    await world.clock.advance(1_000)
    for (const mesh of [ada, bob, eve]) expect(mesh.services.list().map(({ service }) => service)).toEqual(['stays'])
    expect(told).toEqual([['down ping 0.50'], ['down ping 0.50']])
  })

  it('ALN-13 PP-27 a member that dies without a word takes its services with it, within 15 s', async () => {
    const [ada, bob] = (await members(64, 'ada', 'bob')) as [Mesh, Mesh]
    bob.services.register('ping', () => 'pong')
    await world.clock.advance(1_000)
    const told = eventsOf(ada)
    world.sim.network.silence('bob', 'relay')
    world.sim.network.silence('relay', 'bob')
    await world.clock.advance(4_000)
    expect(ada.services.list('ping')).toHaveLength(1)
    await world.clock.advance(11_000)
    expect(ada.services.list('ping')).toEqual([])
    expect(told).toEqual(['down ping 0.00'])
  })

  it('ALN-14 up, change and down reach many listeners, one that throws disturbs none, and wait hears of the first', async () => {
    const [ada, bob] = (await members(65, 'ada', 'bob')) as [Mesh, Mesh]
    const failures: string[] = []
    ada.on('error', ({ code }) => failures.push(code))
    ada.services.on('up', () => {
      throw new Error('not my day')
    })
    const told = [eventsOf(ada), eventsOf(ada)]
    const waiting = ada.services.wait('ping', { timeoutMs: 60_000 })
    const ping = bob.services.register('ping', () => 'pong')
    expect(await world.settle(waiting)).toMatchObject({ service: 'ping', address: bob.address, name: 'bob', local: false })
    ping.load = 1
    await world.clock.advance(500)
    ping.close()
    await world.clock.advance(500)
    expect(told).toEqual([
      ['up ping 0.00', 'change ping 1.00', 'down ping 1.00'],
      ['up ping 0.00', 'change ping 1.00', 'down ping 1.00'],
    ])
    expect(failures).toEqual(['HANDLER_FAILED'])
  })

  it('ALN-15 a load may be set at every breath, and the wire hears little of it', async () => {
    const [ada, bob] = (await members(66, 'ada', 'bob')) as [Mesh, Mesh]
    const ping = bob.services.register('ping', () => 'pong')
    await world.clock.advance(3_000)
    const before = numberOf(ada, bob)
    for (let count = 0; count < 1_000; count++) {
      ping.load = (1 + (count % 9)) / 50
      await world.clock.advance(9)
    }
    expect(numberOf(ada, bob)).toBe(before)
    await world.clock.advance(2_000)
    expect(ada.services.list('ping')[0]?.load).toBeCloseTo(1 / 50, 2)
    expect(numberOf(ada, bob)).toBe(before + 1)
  })

  it('ALN-16 a packet to a service reaches every provider, oneself included, and call only the best one', async () => {
    const [ada, bob, eve] = (await members(67, 'ada', 'bob', 'eve')) as [Mesh, Mesh, Mesh]
    const asked: string[] = []
    for (const mesh of [ada, bob, eve]) {
      mesh.services.register('who', () => {
        asked.push(mesh.name)
        return mesh.name
      })
    }
    await world.clock.advance(1_000)
    expect(ada.router.send({ service: 'who' })).toBeUndefined()
    await world.clock.advance(1_000)
    expect(asked.toSorted()).toEqual(['ada', 'bob', 'eve'])
    expect((await world.settle(ada.call('who'))).text()).toBe('ada')
    expect(asked).toHaveLength(4)
  })

  it('ALN-17 the list has load, hops and ages; who goes leaves it, and comes back as new', async () => {
    const [ada, bob] = (await members(68, 'ada', 'bob')) as [Mesh, Mesh]
    const ping = bob.services.register('ping', () => 'pong', { load: 0.5 })
    await world.clock.advance(20_000)
    ping.load = 1
    await world.clock.advance(5_000)
    const [row] = ada.services.list('ping')
    expect(row).toMatchObject({ service: 'ping', address: bob.address, name: 'bob', load: 1, hops: 2, kind: 'member', local: false })
    expect(row?.knownMs).toBeGreaterThan(24_000)
    expect(row?.knownMs).toBeLessThan(25_000)
    expect(row?.unchangedMs).toBeGreaterThan(4_500)
    expect(row?.unchangedMs).toBeLessThan(5_000)
    expect(bob.services.list('ping')).toMatchObject([{ local: true, hops: 0, knownMs: 25_000, unchangedMs: 5_000 }])
    world.sim.network.cut('bob', 'relay')
    await world.clock.advance(10)
    expect(ada.services.list('ping')).toEqual([])
    world.sim.network.heal('bob', 'relay')
    await world.clock.advanceUntil(() => ada.services.list('ping').length === 1)
    await world.clock.advance(100)
    expect(ada.services.list('ping')[0]).toMatchObject({ load: 1, knownMs: 100, unchangedMs: 100 })
  })
})
