import { afterEach, describe, expect, it } from 'vitest'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import type { MeshError } from '../../src/errors/mesh-error.ts'
import { answerQuestions, answersPerSecondMax } from '../../src/introspection/answers.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import type { Router } from '../../src/routing/router.ts'
import { encodeRouteAdvert } from '../../src/wire/adverts.ts'
import { frame } from '../../src/wire/kiss.ts'
import { netStates, type DecodedPacket } from '../../src/wire/packet.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'
import { PlainStreamReader } from '../../src/wire/plain-stream.ts'
import { isWireFault } from '../../src/wire/wire-fault.ts'
import { rejectionOf } from '../mesh/mesh-error-of.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'
import { RouterWorld, text } from '../routing/router-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

async function members(seed: number, ...names: string[]): Promise<{ relay: Router; meshes: Mesh[] }> {
  world = new MeshWorld(seed)
  const relay = world.relay()
  answerQuestions(relay, { kind: 'relay', name: 'relay', network: 'default', clock: world.clock })
  const meshes = names.map((name) => world.member(name))
  await world.acquainted(...meshes)
  return { relay, meshes }
}

describe('questions that every node answers', () => {
  it('PN-17 a member says what it is and offers, whom it sees, and its table', async () => {
    const { relay, meshes } = await members(80, 'ada', 'bob')
    const [ada, bob] = meshes as [Mesh, Mesh]
    bob.services.register('ping', () => 'pong', { load: 1 })
    bob.services.register('hidden from plain nodes', () => '', { plain: false })
    await world.clock.advance(5_000)
    expect(await world.settle(ada.inspect('bob', 'describe'))).toMatchObject({
      address: bob.address,
      kind: 'member',
      name: 'bob',
      links: 1,
      routes: 2,
      network: 'default',
      services: [
        { service: 'ping', load: 1 },
        { service: 'hidden from plain nodes', load: 0 },
      ],
    })
    expect(((await world.settle(ada.inspect('bob', 'describe'))) as { upMs: number }).upMs).toBeGreaterThanOrEqual(5_000)
    const peers = (await world.settle(ada.inspect('bob', 'peers'))) as { total: number; peers: { address: string; state: string }[] }
    expect(peers.total).toBe(2)
    expect(peers.peers.find(({ address }) => address === ada.address)).toMatchObject({
      name: 'ada',
      state: 'active',
      hops: 2,
      kind: 'member',
    })
    const routes = await world.settle(ada.inspect(bob.address, 'routes'))
    expect(routes).toMatchObject({ total: 2, skip: 0 })
    expect(routes['routes']).toContainEqual(expect.objectContaining({ address: ada.address, hops: 2, via: relay.address, kind: 'member' }))
  })

  it('PN-17 a member says which functions it has, and its option says who may ask what', async () => {
    world = new MeshWorld(90)
    world.relay()
    const ada = world.member('ada')
    const bob = world.member('bob', { questions: ({ what, from }) => from === ada.address && what !== 'routes' })
    const eve = world.member('eve', { questions: 'nobody' })
    const odd = world.member('odd', {
      questions: () => {
        throw new Error('I do not know')
      },
    })
    await world.acquainted(ada, bob, eve, odd)
    bob.functions.register({ add: () => 1, greet: () => 2 })
    expect(await world.settle(ada.inspect('bob', 'describe'))).toMatchObject({ functions: ['add', 'greet'] })
    expect(await world.settle(ada.ping('bob'))).toMatchObject({ hops: 2 })
    const refused = [
      ada.inspect('bob', 'routes'),
      eve.inspect('bob', 'describe'),
      ada.ping('eve'),
      ada.inspect('eve', 'peers'),
      ada.inspect('odd', 'describe'),
    ]
    for (const asked of refused) expect((await world.settle(rejectionOf(asked))).code).toBe('NOT_ALLOWED')
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, at) => [`${'f'.repeat(200)}${at}`, () => at]))
    bob.functions.register(many)
    const { functions } = await world.settle(ada.inspect('bob', 'describe'))
    expect((functions as string[]).length).toBeGreaterThan(30)
  })

  it('PN-17 a relay answers all but peers', async () => {
    const { relay, meshes } = await members(81, 'ada', 'bob')
    const [ada, bob] = meshes as [Mesh, Mesh]
    expect(await world.settle(ada.inspect(relay.address, 'describe'))).toMatchObject({
      kind: 'relay',
      name: 'relay',
      services: [],
      links: 2,
    })
    expect(await world.settle(ada.inspect(relay.address, 'routes'))).toMatchObject({ total: 2 })
    expect((await world.settle(rejectionOf(ada.inspect(relay.address, 'peers')))).code).toBe('NO_SERVICE')
    const context = { destAddr: relay.address, contextID: 0 }
    const heard: string[] = []
    context.contextID = ada.router.registerContext((packet) => void heard.push(text(packet.data)), { from: relay.address })
    ada.router.send({ ...context, service: '$mesh.trace', data: bob.address })
    await world.clock.advance(100)
    expect(JSON.parse(heard[0] ?? '')).toMatchObject({ address: bob.address, via: bob.address, hops: 1 })
  })

  it('SE10 in a network with a key no answer carries what members call themselves', async () => {
    world = new MeshWorld(84)
    const hub = world.member('hub', { relays: [], key: 'a passphrase of some length' })
    const ada = world.member('ada', { relays: [], key: 'a passphrase of some length' })
    await world.settle(Promise.all([hub.ready, ada.ready]))
    world.pipe(ada, hub)
    await world.acquainted(ada, hub)
    expect(ada.peer(hub.address)?.name).toBe('hub')
    for (const what of ['describe', 'peers', 'routes'] as const) {
      const said = await world.settle(ada.inspect('hub', what))
      expect(JSON.stringify(said)).not.toMatch(/"name":"[^"]/)
    }
  })

  it('what cannot be asked is refused at home, and nonsense there', async () => {
    const { relay, meshes } = await members(82, 'ada')
    const [ada] = meshes as [Mesh]
    expect((await rejectionOf(ada.inspect('ada', 'secrets' as never))).message).toContain('describe, peers, routes')
    expect((await rejectionOf(ada.inspect('ada', 'routes', { page: 1 } as never))).code).toBe('INVALID_OPTION')
    const refused = await world.settle(rejectionOf(ada.inspect(relay.address, 'routes', { skip: -1 })))
    expect(refused.code).toBe('INVALID_OPTION')
    relay.registerService(
      '$mesh.describe',
      (packet) => void relay.send({ destAddr: packet.srcAddr, contextID: packet.contextID, dataType: 1, data: '[1]' }),
    )
    expect((await world.settle(rejectionOf(ada.inspect(relay.address, 'describe')))).code).toBe('WIRE_FAULT')
  })

  it('a long table comes in pages of one packet, each row once', async () => {
    const routers = new RouterWorld()
    const [a, hub] = [routers.router('a'), routers.router('hub', 'relay')]
    answerQuestions(hub, { kind: 'relay', name: 'hub', network: 'default', clock: routers.clock })
    routers.link(a, hub)
    for (let count = 0; count < 120; count++) routers.link(routers.router(`${count} "${'\u0001'.repeat(40)}`), hub)
    routers.run(2_000)
    const seen = new Set<string>()
    let pages = 0
    for (let total = 1; seen.size < total && pages < 50; pages++) {
      let answer: DecodedPacket | undefined
      const contextID = a.registerContext((packet) => void (answer = packet), { from: hub.address })
      a.send({ service: '$mesh.routes', destAddr: hub.address, contextID, data: seen.size > 0 ? String(seen.size) : undefined })
      await routers.advance(100)
      expect(answer?.dataType).toBe(1)
      expect(answer?.data?.length).toBeLessThanOrEqual(16_384)
      const said = JSON.parse(text(answer?.data)) as { total: number; skip: number; routes: { address: string }[] }
      expect(said.skip).toBe(seen.size)
      for (const { address } of said.routes) seen.add(address)
      total = said.total
    }
    expect(seen.size).toBe(121)
    expect(pages).toBeGreaterThan(2)
  })

  it(`more than ${answersPerSecondMax} questions in a second are turned away, a second later all is as before`, async () => {
    const { relay, meshes } = await members(83, 'ada')
    const [ada] = meshes as [Mesh]
    await world.clock.advance(1_000 - (world.clock.now() % 1_000))
    const asked = Array.from({ length: 200 }, () =>
      ada.inspect(relay.address, 'routes').then(
        () => 'answered',
        (error: MeshError) => error.code,
      ),
    )
    await world.clock.advance(500)
    const outcomes = await Promise.all(asked)
    expect(outcomes.filter((outcome) => outcome === 'answered')).toHaveLength(answersPerSecondMax)
    expect(outcomes.filter((outcome) => outcome === 'BUSY')).toHaveLength(200 - answersPerSecondMax)
    expect(await world.settle(ada.ping(relay.address))).toMatchObject({ hops: 1 })
    await world.clock.advance(1_000)
    expect(await world.settle(ada.inspect(relay.address, 'routes'))).toMatchObject({ total: 1 })
  })

  it('plain nodes neither see nor get an answer', () => {
    const routers = new RouterWorld()
    const gateway = routers.router('gateway', 'relay')
    answerQuestions(gateway, { kind: 'relay', name: '', network: 'default', clock: routers.clock, peers: { size: 0, values: () => [] } })
    const [plain, listener] = memoryChannelPair(routers.clock, { carries: 'stream' })
    const heard: DecodedPacket[] = []
    const reader = new PlainStreamReader({ packetBytesMax: 5_120 })
    plain.start({
      message: (bytes) => {
        for (const packet of reader.push(bytes)) if (!isWireFault(packet)) heard.push(packet)
      },
      drained: () => {},
      closed: () => {},
    })
    gateway.addChannel(listener)
    plain.send(frame(encodePacket({ netState: netStates.route, srcAddr: 'py-1', data: encodeRouteAdvert('py-1', 1) })))
    routers.run(2_000)
    heard.length = 0
    const services = ['describe', 'peers', 'routes', 'ping', 'trace']
    services.forEach((name, index) => {
      plain.send(frame(encodePacket({ service: `$mesh.${name}`, srcAddr: 'py-1', destAddr: gateway.address, contextID: index + 1 })))
    })
    routers.run(2_000)
    const answers = heard.filter(({ contextID }) => contextID !== undefined)
    expect(answers.map(({ netState }) => netState)).toEqual(services.map(() => netStates.error))
    for (const { data } of answers) expect(text(data)).toMatch(/^NO_SERVICE/)
    expect(heard.filter(({ netState }) => netState === netStates.service)).toEqual([])
  })
})
