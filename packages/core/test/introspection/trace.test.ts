import { afterEach, describe, expect, it } from 'vitest'
import { Operations } from '../../src/async/operations.ts'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import { answerQuestions } from '../../src/introspection/answers.ts'
import { trace, type Trace } from '../../src/introspection/trace.ts'
import type { Router } from '../../src/routing/router.ts'
import { encodeRouteAdvert } from '../../src/wire/adverts.ts'
import { frame } from '../../src/wire/kiss.ts'
import { netStates } from '../../src/wire/packet.ts'
import { encodePacket } from '../../src/wire/packet-codec.ts'
import { rejectionOf } from '../mesh/mesh-error-of.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'
import { RouterWorld, text } from '../routing/router-world.ts'

/** a – r1 – r2 – … – z, links of 10 ms each way; the routers in between are relays. */
function line(length: number, world = new RouterWorld()): { world: RouterWorld; routers: Router[] } {
  const routers = Array.from({ length }, (_, index) => world.router(`n${index}`, index > 0 && index < length - 1 ? 'relay' : 'member'))
  for (const router of routers) answerQuestions(router, { kind: 'member', name: '', network: 'default', clock: world.clock })
  for (let index = 1; index < length; index++) world.link(routers[index - 1]!, routers[index]!)
  world.run(2_000)
  return { world, routers }
}

async function traced(world: RouterWorld, router: Router, target: string, timeoutMs = 10_000): Promise<Trace> {
  const settled: unknown[] = []
  const tracing = trace(target, { router, clock: world.clock, operations: new Operations(world.clock), timeoutMs })
  tracing.then(
    () => settled.push('found'),
    () => settled.push('not'),
  )
  for (let waited = 0; waited < 60_000 && settled.length === 0; waited += 10) await world.advance(10)
  return tracing
}

const ways = ({ hops }: Trace): (string | undefined)[] => hops.map(({ address }) => address)
const times = ({ hops }: Trace): (number | undefined)[] => hops.map(({ roundTripMs }) => roundTripMs)

describe('a trace', () => {
  it('ALN-35 names each hop, with the time there and back, over any number of links', async () => {
    const { world, routers } = line(7)
    const [first, ...others] = routers
    const found = await traced(world, first!, others.at(-1)!.address)
    expect(found).toMatchObject({ arrived: true, error: undefined, address: others.at(-1)!.address })
    expect(ways(found)).toEqual(others.map(({ address }) => address))
    expect(times(found)).toEqual([20, 40, 60, 80, 100, 120])
    expect(found.hops.map(({ hop, name, kind }) => `${hop} ${name} ${kind}`)).toEqual([
      '1 n1 relay',
      '2 n2 relay',
      '3 n3 relay',
      '4 n4 relay',
      '5 n5 relay',
      '6 n6 member',
    ])
  })

  it('ALN-35 a neighbour is one hop, oneself none, and nobody is NO_ROUTE', async () => {
    const { world, routers } = line(2)
    const [a, b] = routers as [Router, Router]
    expect(ways(await traced(world, a, b.address))).toEqual([b.address])
    expect(await traced(world, a, a.address)).toMatchObject({ arrived: true, hops: [] })
    await expect(traced(world, a, 'nobody')).rejects.toMatchObject({ code: 'NO_ROUTE' })
  })

  it('probes are faults at nobody, and the answer of the target needs no service of it', async () => {
    const world = new RouterWorld()
    const [a, relay, b] = [world.router('a'), world.router('relay', 'relay'), world.router('b')]
    world.link(a, relay)
    world.link(relay, b)
    world.run(1_000)
    const found = await traced(world, a, b.address)
    expect(ways(found)).toEqual([relay.address, b.address])
    expect(relay.faults.get('HOP_LIMIT')).toBeUndefined()
    // Others that run out of hops still are.
    const contextID = a.registerContext(() => {})
    a.send({ destAddr: b.address, service: 'ping', contextID }, { hopLimit: 1 })
    world.run(100)
    expect(relay.faults.get('HOP_LIMIT')).toBe(1)
    // And a flood of probes is.
    world.run(2_000)
    for (let count = 0; count < 100; count++) a.send({ destAddr: b.address, service: '$mesh.trace', contextID }, { hopLimit: 1 })
    world.run(100)
    expect(relay.faults.get('HOP_LIMIT')).toBe(91)
  })

  it('a node under a free-form name answers for itself', async () => {
    const world = new RouterWorld()
    const [a, relay, thing] = [world.router('a'), world.router('relay', 'relay'), world.router('thing', 'named')]
    world.link(a, relay)
    world.link(relay, thing)
    world.run(1_000)
    const found = await traced(world, a, 'thing')
    expect(found).toMatchObject({ arrived: true, hops: [{ address: relay.address }, { address: 'thing', kind: 'plain', roundTripMs: 40 }] })
  })

  it('a longer way than the table says is followed to its end', async () => {
    const { world, routers } = line(5)
    const [a, r1, , , z] = routers as [Router, Router, Router, Router, Router]
    const shorter = Object.create(a) as Router
    Object.defineProperties(shorter, {
      address: { value: a.address },
      destination: { value: (address: string) => ({ ...a.destination(address)!, hops: 1 }) },
      registerContext: { value: a.registerContext.bind(a) },
      releaseContext: { value: a.releaseContext.bind(a) },
      send: { value: a.send.bind(a) },
    })
    const found = await traced(world, shorter, z.address)
    expect(found.arrived).toBe(true)
    expect(found.hops).toHaveLength(4)
    expect(found.hops[0]?.address).toBe(r1.address)
  })

  it('a hop that does not answer is told as such, and the rest is there', async () => {
    const { world, routers } = line(4)
    const [a, , r2, z] = routers as [Router, Router, Router, Router]
    // Somebody else has used up what this node tells that neighbour in each second.
    const { send } = a
    const contextID = a.registerContext(() => {})
    a.send = (packet, options) => {
      for (let count = 0; count < 20; count++) send.call(a, { destAddr: z.address, service: 'x', contextID }, { hopLimit: 2 })
      return send.call(a, packet, options)
    }
    const found = await traced(world, a, z.address)
    expect(found.arrived).toBe(true)
    expect(found.hops).toHaveLength(3)
    expect(found.hops[1]).toEqual({ hop: 2, address: undefined, name: '', kind: undefined, roundTripMs: undefined })
    expect(times(found)).toEqual([20, undefined, 60])
    expect(r2.faults.get('HOP_LIMIT')).toBeGreaterThan(10)
  })

  it('a way that breaks off ends at the node that knows no further', async () => {
    const { world, routers } = line(5)
    const [a, r1, r2, , z] = routers as [Router, Router, Router, Router, Router]
    // The news of the cut takes its time on the first link; the packets of the trace leave before it is here.
    const tracing = traced(world, a, z.address)
    for (const link of r2.links()) if (link.peer?.address !== r1.address) link.channel.close('cut')
    const found = await tracing
    expect(found).toMatchObject({ arrived: false, error: { code: 'NO_ROUTE' } })
    expect(ways(found)).toEqual([r1.address, r2.address])
  })

  it('a target that went silent: what was found by then, with TIMEOUT; nothing is left behind', async () => {
    const { world, routers } = line(3)
    const [a, relay, z] = routers as [Router, Router, Router]
    z.registerService('$mesh.trace', () => {})
    const found = await traced(world, a, z.address)
    expect(found).toMatchObject({ arrived: false, error: { code: 'TIMEOUT' } })
    expect(ways(found)).toEqual([relay.address, undefined])
    const hurried = await traced(world, a, z.address, 1_500)
    expect(hurried).toMatchObject({ arrived: false, error: { code: 'TIMEOUT', message: expect.stringContaining('1500 ms') as string } })
    expect(ways(hurried)).toEqual([relay.address, undefined])
    // Contexts are few: each trace gives back its own.
    for (let count = 0; count < 32_000; count++) a.registerContext(() => {})
    for (let count = 0; count < 300; count++) expect((await traced(world, a, relay.address)).arrived).toBe(true)
  })

  it('answers of others, to other questions or from nowhere, are no hops', async () => {
    const { world, routers } = line(3)
    const [a, relay, z] = routers as [Router, Router, Router]
    const heard: string[] = []
    z.registerService('$mesh.trace', (packet) => {
      heard.push(text(packet.service))
      // A liar on the way may say anything under the context that it saw.
      relay.send({ netState: netStates.error, destAddr: a.address, contextID: packet.contextID, data: 'NO_ROUTE it is said' })
    })
    const found = await traced(world, a, z.address)
    expect(found).toMatchObject({ arrived: false, error: { code: 'NO_ROUTE' } })
    expect(ways(found)).toEqual([relay.address, relay.address])
    expect(heard).toHaveLength(1)
  })
})

let world = new MeshWorld(1)
afterEach(() => world.close())

describe('mesh.trace', () => {
  it('finds by name, waits for who is not here yet, and is ended by its signal', async () => {
    world = new MeshWorld(70)
    const relay = world.relay()
    const [ada, bob] = [world.member('ada'), world.member('bob')]
    const early = ada.trace('bob')
    await world.acquainted(ada, bob)
    const found = await world.settle(early)
    expect(found).toMatchObject({ address: bob.address, arrived: true })
    expect(found.hops).toMatchObject([
      { hop: 1, address: relay.address, kind: 'relay' },
      { hop: 2, address: bob.address, name: 'bob', kind: 'member' },
    ])
    expect((await world.settle(rejectionOf(ada.trace('nobody', { timeoutMs: 500 })))).code).toBe('UNKNOWN_NAME')
    expect((await rejectionOf(ada.trace('bob', { timeout: 5 } as never))).code).toBe('INVALID_OPTION')
    world.sim.network.silence('ada', 'relay')
    const controller = new AbortController()
    const aborted = rejectionOf(ada.trace('bob', { signal: controller.signal }))
    await world.clock.advance(10)
    controller.abort()
    expect((await world.settle(aborted)).code).toBe('ABORTED')
    const closed = rejectionOf(ada.trace('bob'))
    await world.clock.advance(10)
    await world.settle(ada.close())
    expect((await closed).code).toBe('CLOSED')
  })

  it('follows the way that packets take when it changes', async () => {
    world = new MeshWorld(71)
    world.relay()
    const [ada, bob] = [world.member('ada'), world.member('bob')]
    await world.acquainted(ada, bob)
    expect((await world.settle(ada.trace(bob.address))).hops).toHaveLength(2)
    world.pipe(ada, bob)
    await world.clock.advance(1_000)
    expect((await world.settle(ada.trace(bob.address))).hops).toMatchObject([{ address: bob.address, roundTripMs: 20 }])
  })

  it('a plain node is traced to its gateway, and stands behind it without a time', async () => {
    const { world: routers, routers: nodes } = line(3)
    const [a, gateway, z] = nodes as [Router, Router, Router]
    const [plain, listener] = memoryChannelPair(routers.clock, { carries: 'stream' })
    plain.start({ message: () => {}, drained: () => {}, closed: () => {} })
    gateway.addChannel(listener)
    for (const [name, cost] of [
      ['py-1', 1],
      ['py-2', 3],
    ] as const) {
      plain.send(frame(encodePacket({ netState: netStates.route, srcAddr: 'py-1', data: encodeRouteAdvert(name, cost) })))
    }
    routers.run(2_000)
    for (const from of [a, z]) {
      const found = await traced(routers, from, 'py-1')
      expect(found).toMatchObject({ address: 'py-1', arrived: true })
      expect(found.hops).toMatchObject([
        { hop: 1, address: gateway.address, roundTripMs: 20 },
        { hop: 2, address: 'py-1', kind: 'plain', roundTripMs: undefined },
      ])
    }
    expect(ways(await traced(routers, gateway, 'py-1'))).toEqual(['py-1'])
    expect(ways(await traced(routers, a, 'py-2'))).toEqual([gateway.address, undefined, undefined, 'py-2'])
  })
})
