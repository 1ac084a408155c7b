import { afterEach, describe, expect, it } from 'vitest'
import type { Channel } from '../../src/channel/channel.ts'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import type { MeshError } from '../../src/errors/mesh-error.ts'
import type { Environment } from '../../src/mesh/environment.ts'
import type { OnlineEvent } from '../../src/mesh/mesh-events.ts'
import type { Peer } from '../../src/membership/peer.ts'
import type { Log } from '../../src/ports/log.ts'
import { simUrl } from '../../src/testing/simulator/sim-environment.ts'
import { meshErrorOf, rejectionOf } from './mesh-error-of.ts'
import { MeshWorld } from './mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

function collectingLog(level: Log['level']): Log & { lines: string[] } {
  const lines: string[] = []
  return { level, lines, write: (of, room, message) => void lines.push(`${of} ${room} ${message}`) }
}

describe('the life of a mesh', () => {
  it('ALN-02 PY-01 there is no start step: made at once, ready soon, and what was registered before is offered', async () => {
    world = new MeshWorld(2)
    world.relay()
    const ada = world.member('ada')
    ada.services.register('ping', () => 'pong')
    for (const early of [() => ada.address, () => ada.who, () => ada.router]) expect(meshErrorOf(early).code).toBe('NOT_READY')
    expect(ada.services.list()).toEqual([])
    await world.settle(ada.ready)
    expect(ada.address).toMatch(/^k[a-z2-7]{26}\.[a-z2-7]{4}$/)
    expect(ada.address.startsWith(`${ada.who}.`)).toBe(true)
    const bob = world.member('bob')
    await world.acquainted(ada, bob)
    expect((await world.settle(bob.call('ping'))).text()).toBe('pong')
  })

  it('what is asked before ready waits for it', async () => {
    world = new MeshWorld(3)
    const ada = world.member('ada', { relays: [] })
    ada.services.register('echo', (request) => request.bytes)
    expect((await world.settle(ada.call('echo', 'early'))).text()).toBe('early')
  })

  it('PP-02 starts offline, is usable alone, and joins when a relay comes', async () => {
    world = new MeshWorld(4)
    const ada = world.member('ada')
    const online: OnlineEvent[] = []
    ada.on('online', (event) => online.push(event))
    await world.settle(ada.ready)
    await world.clock.advance(30_000)
    expect(ada.online).toBe(false)
    expect(ada.relays.list()).toMatchObject([{ state: 'waiting', error: { code: 'RELAY_UNREACHABLE' } }])
    const relay = world.relay()
    await world.clock.advanceUntil(() => ada.online)
    expect(online).toEqual([{ first: true, reconnect: false }])
    expect(ada.relays.list()).toMatchObject([{ state: 'online', address: relay.address, error: undefined }])
  })

  it('online says first or reconnect, offline in between, and the tables agree inside the listener', async () => {
    world = new MeshWorld(5)
    const relay = world.relay()
    const ada = world.member('ada')
    const told: unknown[] = []
    ada.on('online', (event) => told.push({ ...event, relay: ada.peer(relay.address)?.state, online: ada.online }))
    ada.on('offline', () => told.push({ offline: ada.peer(relay.address)?.state, online: ada.online }))
    await world.clock.advanceUntil(() => ada.online)
    world.sim.network.cut('ada', 'relay')
    await world.clock.advanceUntil(() => !ada.online)
    await world.clock.advance(20_000)
    world.sim.network.heal('ada', 'relay')
    await world.clock.advanceUntil(() => ada.online)
    expect(told).toEqual([
      { first: true, reconnect: false, relay: 'active', online: true },
      { offline: 'unreachable', online: false },
      { first: false, reconnect: true, relay: 'active', online: true },
    ])
  })

  it('one dead relay of two disturbs nobody, and relays can be added and removed', async () => {
    world = new MeshWorld(6)
    world.relay('one')
    const ada = world.member('ada', { relays: [simUrl('dead'), simUrl('one')] })
    await world.clock.advanceUntil(() => ada.online)
    await world.clock.advance(10_000)
    expect(ada.relays.list().map(({ state }) => state)).toEqual(['waiting', 'online'])
    world.relay('two')
    ada.relays.add(simUrl('two'))
    ada.relays.remove(simUrl('one'))
    await world.clock.advanceUntil(() => ada.relays.list().at(-1)?.state === 'online')
    await world.clock.advance(1_000)
    expect(ada.online).toBe(true)
    expect([...ada.peers.values()].filter(({ direct }) => direct)).toHaveLength(1)
    expect(meshErrorOf(() => ada.relays.add('http://x')).code).toBe('INVALID_OPTION')
    expect(meshErrorOf(() => ada.on('mesage' as 'message', () => {})).message).toMatch(/no event 'mesage'.*message/)
    expect(meshErrorOf(() => ada.on('message', () => {}, { signal: {} as AbortSignal })).code).toBe('INVALID_OPTION')
    expect(meshErrorOf(() => ada.messages({ signal: {} as AbortSignal })).code).toBe('INVALID_OPTION')
  })

  it('a dialer that never comes back is given up; a channel that it brings too late is closed', async () => {
    world = new MeshWorld(79)
    world.relay()
    let bring: (channel: Channel) => void = () => {}
    const promise = new Promise<Channel>((resolve) => {
      bring = resolve
    })
    const [late] = memoryChannelPair(world.clock)
    let dials = 0
    const environment = (same: Environment): Environment => ({
      ...same,
      dialRelay: (url, signal) => ((dials += 1) === 1 ? promise : same.dialRelay(url, signal)),
    })
    const ada = world.member('ada', { environment })
    await world.settle(ada.ready)
    await world.clock.advance(9_000)
    expect(ada.relays.list()).toMatchObject([{ state: 'connecting' }])
    await world.clock.advance(1_001)
    expect(ada.relays.list()).toMatchObject([{ error: { code: 'RELAY_UNREACHABLE' } }])
    await world.clock.advanceUntil(() => ada.online, 5_000)
    const closed: string[] = []
    late.start({ message: () => {}, drained: () => {}, closed: ({ code }) => void closed.push(code) })
    bring(late)
    await world.clock.advance(1_000)
    expect(closed).toHaveLength(1)
    expect(ada.online).toBe(true)
  })

  it('a relay of another network is told once, and not dialed in a hot loop', async () => {
    world = new MeshWorld(7)
    world.relay()
    const ada = world.member('ada', { network: 'elsewhere' })
    await world.clock.advance(100_000)
    expect(ada.warnings.filter(({ code }) => code === 'NETWORK_MISMATCH')).toHaveLength(1)
    expect(ada.relays.list()).toMatchObject([{ state: 'refused', error: { code: 'NETWORK_MISMATCH' } }])
    expect(world.sim.network.deliveries).toBeLessThan(40)
  })
})

describe('peers', () => {
  it('PP-23 are found by address; somebody who leaves is unreachable at once and gone later', async () => {
    world = new MeshWorld(8)
    const relay = world.relay()
    const [ada, bob] = [world.member('ada'), world.member('bob')]
    const told: Peer[] = []
    ada.on('peer', (peer) => told.push(peer))
    await world.acquainted(ada, bob)
    expect(ada.peer(bob.address)).toMatchObject({
      address: bob.address,
      name: 'bob',
      kind: 'member',
      hops: 2,
      via: relay.address,
      direct: false,
    })
    expect(ada.peer(relay.address)).toMatchObject({ kind: 'relay', hops: 1, direct: true })
    expect(ada.peers.get(bob.address)?.name).toBe('bob')
    expect(ada.peers.size).toBe(2)
    expect(ada.peer('nobody')).toBeUndefined()
    await world.settle(bob.close())
    await world.clock.advanceUntil(() => ada.peer(bob.address)?.state === 'unreachable', 5_000)
    await world.clock.advance(30_000)
    expect(ada.peer(bob.address)).toBeUndefined()
    expect(told.filter(({ address }) => address === bob.address).map(({ state }) => state)).toEqual(['active', 'unreachable', 'gone'])
  })

  it('a name of markup is text like any other', async () => {
    world = new MeshWorld(9)
    world.relay()
    const [ada, eve] = [world.member('ada'), world.member('eve', { name: '<b onload="x()">' })]
    await world.acquainted(ada, eve)
    expect(ada.peer(eve.address)?.name).toBe('<b onload="x()">')
    expect((await world.settle(ada.ping('<b onload="x()">'))).hops).toBe(2)
  })

  it('ping measures the way to members and relays', async () => {
    world = new MeshWorld(10, { latencyMs: 20 })
    const relay = world.relay()
    const [ada, bob] = [world.member('ada'), world.member('bob')]
    await world.acquainted(ada, bob)
    const { roundTripMs, hops } = await world.settle(ada.ping('bob'))
    expect(hops).toBe(2)
    expect(roundTripMs).toBeGreaterThanOrEqual(80)
    expect(roundTripMs).toBeLessThan(120)
    expect((await world.settle(rejectionOf(ada.ping(relay.address)))).code).toBe('NO_SERVICE')
  })
})

describe('a message on an idle mesh', () => {
  it.each([5, 60])('takes one round trip, through a relay whose lines take %i ms, also one behind the other', async (latencyMs) => {
    world = new MeshWorld(12, { latencyMs })
    world.relay()
    const [ada, bob] = [world.member('ada'), world.member('bob')]
    await world.acquainted(ada, bob)
    await world.settle(ada.send(bob.address, 'the first one waits for the handshake'))
    for (let count = 0; count < 8; count += 1) {
      await world.clock.advance(count < 4 ? 2_000 : 0)
      const since = world.clock.now()
      await world.settle(ada.send(bob.address, 'a line'))
      expect(world.clock.now() - since).toBeLessThan(4 * latencyMs + 3)
    }
  })
})

describe('events', () => {
  it('PY-21 a listener that fails becomes an error event, never an unhandled rejection', async () => {
    world = new MeshWorld(11)
    world.relay()
    const log = collectingLog(1)
    const ada = world.member('ada', { log })
    const errors: MeshError[] = []
    const stop = ada.on('error', (error) => errors.push(error))
    ada.on('online', () => {
      throw new Error('thrown')
    })
    ada.on('online', () => Promise.reject(new Error('rejected')))
    ada.on('peer', () => Promise.reject(new Error('nobody hears')))
    await world.clock.advanceUntil(() => ada.online)
    await world.clock.advance(100)
    expect(errors.map(({ code }) => code)).toContain('HANDLER_FAILED')
    expect(errors.filter(({ message }) => /thrown|rejected/.test(message))).toHaveLength(2)
    stop()
    world.sim.network.cut('ada', 'relay')
    await world.clock.advance(1_000)
    expect(log.lines.some((line) => line.startsWith('1 mesh HANDLER_FAILED') && line.includes('nobody hears'))).toBe(true)
  })

  it('PY-21 on, once, off and signals', async () => {
    world = new MeshWorld(12)
    world.relay()
    const ada = world.member('ada')
    const heard: string[] = []
    const off = (): void => void heard.push('off')
    ada.on('online', () => heard.push('on'))
    ada.once('online', () => heard.push('once'))
    ada.on('online', off)
    ada.off('online', off)
    ada.on('online', () => heard.push('aborted'), { signal: AbortSignal.abort() })
    await world.clock.advanceUntil(() => ada.online)
    world.sim.network.cut('ada', 'relay')
    await world.clock.advanceUntil(() => !ada.online)
    world.sim.network.heal('ada', 'relay')
    await world.clock.advanceUntil(() => ada.online)
    expect(heard).toEqual(['on', 'once', 'on'])
  })

  it('alone for 10 s is a warning that names the network and the relays; company in time is none', async () => {
    world = new MeshWorld(13)
    world.relay()
    const ada = world.member('ada')
    const warned: string[] = []
    ada.on('warning', ({ code, message }) => warned.push(`${code} ${message}`))
    await world.clock.advance(9_000)
    expect(warned).toEqual([])
    await world.clock.advance(2_000)
    expect(warned).toHaveLength(1)
    expect(warned[0]).toMatch(/^ALONE_IN_NETWORK .*'default'.*ws:\/\/relay \(online\)/)
    const bob = world.member('bob')
    await world.acquainted(ada, bob)
    await world.clock.advance(30_000)
    expect(warned).toHaveLength(1)
    expect(bob.warnings).toEqual([])
  })

  it('warnings wait for the first who can hear them', async () => {
    world = new MeshWorld(14)
    const warnings = [{ code: 'INSECURE_CONTEXT', message: 'no WebCrypto here' }] as const
    const ada = world.member('ada', { relays: [], environment: (same) => ({ ...same, warnings }) })
    await world.settle(ada.ready)
    await world.clock.advance(1_000)
    expect(ada.warnings).toEqual(warnings)
    const heard: string[] = []
    ada.on('warning', ({ code }) => heard.push(`a ${code}`))
    ada.on('warning', ({ code }) => heard.push(`b ${code}`))
    expect(heard).toEqual([])
    await world.clock.advance(1)
    expect(heard).toEqual(['a INSECURE_CONTEXT', 'b INSECURE_CONTEXT'])
  })

  it('PY-22 PP-29 debug goes to the sink of the environment, as much as was asked for', async () => {
    world = new MeshWorld(15)
    world.relay()
    const [all, some, none] = [collectingLog(6), collectingLog(6), collectingLog(6)]
    const ada = world.member('ada', { log: all, debug: 5 })
    world.member('bob', { log: some, debug: 'membership' })
    world.member('eve', { log: none, debug: 0 })
    await world.clock.advanceUntil(() => ada.peers.size === 3)
    expect(all.lines.some((line) => line.startsWith('4 mesh online'))).toBe(true)
    expect(some.lines.some((line) => line.startsWith('4 membership'))).toBe(true)
    expect(some.lines.every((line) => /^[12] /.test(line) || line.includes(' membership '))).toBe(true)
    expect(none.lines).toEqual([])
  })
})
