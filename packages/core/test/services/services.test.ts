import { afterEach, describe, expect, it } from 'vitest'
import type { Address } from '../../src/identity/address.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import type { ExchangeKeys } from '../../src/ports/crypto.ts'
import { Router } from '../../src/routing/router.ts'
import type { ServiceListing } from '../../src/services/service-listing.ts'
import { plainPart } from '../../src/routing/plain/plain-part.ts'
import { RemoteError } from '../../src/calls/remote-error.ts'
import { toyCrypto } from '../../src/testing/toy-crypto.ts'
import { netStates, type DecodedPacket } from '../../src/wire/packet.ts'
import { meshErrorOf, rejectionOf } from '../mesh/mesh-error-of.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

function members(seed: number, ...names: string[]): Promise<Mesh[]> {
  world = new MeshWorld(seed)
  return world.members(...names)
}

/** A node under a free-form name, as a plain ALN app has it, behind a pipe to a member. */
function plainNode(name: string, neighbour: Mesh): Router {
  const dice = world.sim.diceOf(name)
  const crypto = toyCrypto(dice)
  const router = new Router(
    {
      address: name as Address,
      keyPair: world.sim.keyPairOf(name),
      exchangeKeys: crypto.generateExchangeKeys() as ExchangeKeys,
      network: world.sim.wireNetwork,
      kind: 'named',
      epoch: 1,
      name: '',
      capabilities: [],
      crypto,
    },
    { clock: world.sim.network.node(name).clock, dice, plain: () => plainPart },
  )
  const [dialer, listener] = world.sim.network.connect(name, neighbour.name, { medium: 'tcp', carries: 'stream' })
  neighbour.router.addChannel(listener)
  router.addChannel(dialer)
  return router
}

describe('services and calls', () => {
  it('a misspelled option is refused with the name that was meant, everywhere', async () => {
    const [ada] = (await members(39, 'ada')) as [Mesh]
    ada.services.register('ping', () => 'pong')
    // What the types refuse, plain JavaScript writes.
    const wrong = (options: unknown): never => options as never
    const rejections = [
      ada.call('ping', 'x', wrong({ timeout: 5 })),
      ada.ping('ada', wrong({ timeoutMS: 5 })),
      ada.connect('ada', wrong({ singal: 5 })),
      ada.services.wait('ping', wrong({ timeout: 5 })),
      ada.call('ping', 'x', wrong(null)),
    ]
    for (const rejection of rejections) await expect(rejection).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    await expect(rejections[0]).rejects.toThrow("Did you mean 'timeoutMs'?")
    expect(() => ada.services.register('pong', () => 'ping', wrong({ laod: 1 }))).toThrow("Did you mean 'load'?")
    expect(() => ada.messages(wrong(null))).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  it('ALN-10 a call is answered with text, JSON or bytes', async () => {
    const [ada, bob] = (await members(40, 'ada', 'bob')) as [Mesh, Mesh]
    bob.services.register('ping', (request) => `pong ${request.text()}`)
    bob.services.register('sum', async (request) => JSON.stringify((request.json() as number[]).reduce((a, b) => a + b)))
    bob.services.register('bytes', (request) => request.bytes.toReversed())
    bob.services.register('nothing', () => undefined)
    await world.settle(ada.services.wait('sum'))
    const pong = await world.settle(ada.call('ping', 'ä'))
    expect(pong).toMatchObject({ from: bob.address, hops: 2 })
    expect(pong.text()).toBe('pong ä')
    expect((await world.settle(ada.call('sum', '[1,2,3]'))).json()).toBe(6)
    expect((await world.settle(ada.call('bytes', Uint8Array.of(1, 2, 3)))).bytes).toEqual(Uint8Array.of(3, 2, 1))
    expect((await world.settle(ada.call('nothing'))).bytes).toHaveLength(0)
    expect(meshErrorOf(() => pong.json()).code).toBe('WIRE_FAULT')
  })

  it.each([16_384, 16_385, 300_000, 16_777_216])('ALN-10 a body of %d bytes goes and comes', { timeout: 60_000 }, async (length) => {
    const [ada, bob] = (await members(41, 'ada', 'bob')) as [Mesh, Mesh]
    bob.services.register('echo', (request) => request.bytes)
    await world.settle(ada.services.wait('echo'))
    const body = new Uint8Array(length).fill(7)
    const reply = await world.settle(ada.call('echo', body, { timeoutMs: 600_000 }), 600_000)
    expect(Buffer.compare(reply.bytes, body)).toBe(0)
  })

  it('ALN-10 above 16 MiB a request and an answer are TOO_LARGE, and nobody else waits', { timeout: 60_000 }, async () => {
    const [ada, bob] = (await members(41, 'ada', 'bob')) as [Mesh, Mesh]
    bob.services.register('echo', (request) => request.bytes)
    bob.services.register('large', () => new Uint8Array(17 * 1_048_576))
    await world.settle(ada.services.wait('large'))
    const before = world.clock.now()
    const [small, large, sent] = [
      ada.call('echo', 'x'),
      rejectionOf(ada.call('large')),
      rejectionOf(ada.call('echo', new Uint8Array(17 * 1_048_576))),
    ]
    expect((await sent).code).toBe('TOO_LARGE')
    expect((await world.settle(small)).text()).toBe('x')
    expect((await world.settle(large)).code).toBe('TOO_LARGE')
    expect(world.clock.now() - before).toBeLessThan(1_000)
    expect((await rejectionOf(ada.call('echo', { no: 'body' } as unknown as string))).code).toBe('INVALID_OPTION')
  })

  it('ALN-10 failures are typed: NO_SERVICE, TIMEOUT, ABORTED, REMOTE_ERROR, HANDLER_FAILED', async () => {
    const [ada, bob] = (await members(42, 'ada', 'bob')) as [Mesh, Mesh]
    bob.services.register('never', () => new Promise<string>(() => {}))
    bob.services.register('fails', () => {
      throw Object.assign(new RangeError('too far\u001b[31m'), { code: 'FAR' })
    })
    bob.services.register('wrong', () => 7 as unknown as string)
    await world.settle(ada.services.wait('wrong'))
    const before = world.clock.now()
    expect((await world.settle(rejectionOf(ada.call('nothing')))).code).toBe('NO_SERVICE')
    for (const name of ['', undefined, null, 5] as string[]) {
      expect((await world.settle(rejectionOf(ada.call(name)))).code).toBe('INVALID_OPTION')
      expect((await world.settle(rejectionOf(ada.services.wait(name)))).code).toBe('INVALID_OPTION')
    }
    expect(world.clock.now()).toBe(before)
    expect((await world.settle(rejectionOf(ada.call('never', '', { timeoutMs: 2_000 })))).code).toBe('TIMEOUT')
    expect(world.clock.now()).toBe(before + 2_000)
    const controller = new AbortController()
    const aborted = rejectionOf(ada.call('never', '', { signal: controller.signal }))
    controller.abort()
    expect((await world.settle(aborted)).code).toBe('ABORTED')
    const failed = await world.settle(rejectionOf(ada.call('fails')))
    expect(failed.code).toBe('REMOTE_ERROR')
    expect(failed.cause).toBeInstanceOf(RemoteError)
    expect(failed.cause).toMatchObject({ name: 'RangeError', code: 'FAR', message: 'too far [31m' })
    expect(await world.settle(rejectionOf(ada.call('wrong')))).toMatchObject({
      code: 'HANDLER_FAILED',
      message: expect.stringContaining('number') as string,
    })
    expect((await world.settle(rejectionOf(ada.call('never', '', { timeoutMs: -1 })))).code).toBe('INVALID_OPTION')
  })

  it('ALN-10 a service without answer on a member that lost it is NO_SERVICE', async () => {
    const [ada, bob] = (await members(43, 'ada', 'bob')) as [Mesh, Mesh]
    const registration = bob.services.register('ping', () => 'pong')
    await world.settle(ada.services.wait('ping'))
    // Ada has not heard of it when she calls.
    registration.close()
    expect((await world.settle(rejectionOf(ada.call('ping')))).code).toBe('NO_SERVICE')
  })

  it('ALN-17 local first, then the least load; select chooses', async () => {
    const [ada, bob, eve] = (await members(44, 'ada', 'bob', 'eve')) as [Mesh, Mesh, Mesh]
    const atBob = bob.services.register('who', () => 'bob', { load: 0.5 })
    eve.services.register('who', () => 'eve', { load: 0.25 })
    await world.clock.advanceUntil(() => ada.services.list('who').length === 2)
    expect((await world.settle(ada.call('who'))).text()).toBe('eve')
    atBob.load = 0.1
    expect(atBob.load).toBeCloseTo(0.1, 2)
    await world.clock.advance(500)
    expect((await world.settle(ada.call('who'))).text()).toBe('bob')
    const select = { select: (rows: readonly { address: string }[]): never => rows.find(({ address }) => address === eve.address) as never }
    expect((await world.settle(ada.call('who', '', select))).text()).toBe('eve')
    expect((await rejectionOf(ada.call('who', '', { select: () => undefined }))).code).toBe('NO_SERVICE')
    const local = ada.services.register('who', () => 'ada', { load: 1 })
    expect((await world.settle(ada.call('who'))).text()).toBe('ada')
    expect(ada.services.list('who').find((row) => row.local)).toMatchObject({ address: ada.address, hops: 0, load: 1 })
    local[Symbol.dispose]()
    expect((await world.settle(ada.call('who'))).text()).toBe('bob')
  })

  it('up, change and down are told with loads from 0 to 1, and internal services never', async () => {
    const [ada, bob] = (await members(45, 'ada', 'bob')) as [Mesh, Mesh]
    const told: string[] = []
    for (const event of ['up', 'change', 'down'] as const) {
      ada.services.on(event, ({ service, address, load }) => told.push(`${event} ${service} ${address === bob.address} ${load.toFixed(1)}`))
    }
    const stop = ada.services.on('up', () => told.push('stopped'))
    stop()
    const registration = bob.services.register('ping', () => 'pong')
    await world.clock.advance(1_000)
    registration.load = 1
    await world.clock.advance(1_000)
    registration.close()
    registration.close()
    await world.clock.advance(1_000)
    expect(told).toEqual(['up ping true 0.0', 'change ping true 1.0', 'down ping true 1.0'])
    expect([...ada.services.list(), ...bob.services.list()]).toEqual([])
  })

  it('bad names, handlers and loads are refused', async () => {
    const [ada] = (await members(46, 'ada')) as [Mesh]
    ada.services.register('ping', () => '')
    const bad = [
      () => ada.services.register('', () => ''),
      () => ada.services.register('$mesh.ping', () => ''),
      () => ada.services.register('x'.repeat(128), () => ''),
      () => ada.services.register('ping', () => ''),
      () => ada.services.register('x', 'no handler' as unknown as () => string),
      () => ada.services.register('x', () => '', { load: 2 }),
    ]
    for (const act of bad) expect(meshErrorOf(act).code).toBe('INVALID_OPTION')
    expect((await world.settle(rejectionOf(ada.services.wait('x', { timeoutMs: 100 })))).code).toBe('TIMEOUT')
  })

  it('a plain ALN node calls a member and is called, in its own words', async () => {
    const [ada, bob] = (await members(47, 'ada', 'bob')) as [Mesh, Mesh]
    const sensor = plainNode('sensor', bob)
    const asked: DecodedPacket[] = []
    sensor.registerService('temperature', (packet) => {
      asked.push(packet)
      sensor.send({ destAddr: packet.srcAddr, contextID: packet.contextID, data: '21' })
    })
    ada.services.register('ping', (request) => `pong ${request.text()} ${request.verified}`)
    ada.services.register('fails', () => {
      throw new Error('no')
    })
    await world.settle(ada.services.wait('temperature'))
    expect((await world.settle(ada.call('temperature', 'now'))).text()).toBe('21')
    expect(asked[0]?.dataType).toBeUndefined()
    expect(ada.services.list('temperature')).toMatchObject([{ address: 'sensor', kind: 'plain' }])
    expect((await rejectionOf(ada.call('temperature', new Uint8Array(4_001)))).code).toBe('TOO_LARGE')
    const heard: DecodedPacket[] = []
    const context = sensor.registerContext((packet) => void heard.push(packet))
    await world.clock.advanceUntil(() => sensor.services('fails').length > 0)
    sensor.send({ service: 'ping', destAddr: ada.address, contextID: context, data: 'hi' })
    await world.clock.advanceUntil(() => heard.length === 1)
    expect(new TextDecoder().decode(heard[0]?.data)).toBe('pong hi false')
    expect(heard[0]).toMatchObject({ srcAddr: ada.address, contextID: context })
    expect(heard[0]?.dataType).toBeUndefined()
    sensor.send({ service: 'fails', destAddr: ada.address, contextID: context })
    await world.clock.advanceUntil(() => heard.length === 2)
    expect(heard[1]?.netState).toBe(netStates.error)
    expect(new TextDecoder().decode(heard[1]?.data)).toMatch(/^HANDLER_FAILED/)
  })

  it('ALN-18 ALN-16 a plain ALN node answers many times; a long silence is the end of it, and await takes the first', async () => {
    const [ada, bob] = (await members(48, 'ada', 'bob')) as [Mesh, Mesh]
    const sensor = plainNode('sensor', bob)
    let asked = 0
    sensor.registerService('temperature', ({ srcAddr, contextID }) => {
      asked += 1
      for (const data of ['20', '21', '22']) sensor.send({ destAddr: srcAddr, contextID, data })
    })
    bob.services.register('temperature', () => {
      throw new Error('no thermometer')
    })
    await world.clock.advanceUntil(() => ada.services.list('temperature').length === 2)
    const plain = { select: (rows: readonly ServiceListing[]) => rows.find(({ kind }) => kind === 'plain'), timeoutMs: 2_000 }
    const got: string[] = []
    const read = async (): Promise<void> => {
      for await (const reply of ada.call('temperature', '', plain)) got.push(reply.text())
    }
    const before = world.clock.now()
    await world.settle(read())
    expect(got).toEqual(['20', '21', '22'])
    expect(world.clock.now() - before).toBeLessThan(3_000)
    expect((await world.settle(ada.call('temperature', '', plain))).text()).toBe('20')
    const all = new Map<string, string[]>()
    const readAll = async (): Promise<void> => {
      for await (const { from, reply, error } of ada.callAll('temperature', '', { timeoutMs: 1_000 })) {
        all.set(from, [...(all.get(from) ?? []), reply?.text() ?? error?.code ?? ''])
      }
    }
    await world.settle(readAll())
    expect(Object.fromEntries(all)).toEqual({ sensor: ['20', '21', '22'], [bob.address]: ['REMOTE_ERROR'] })
    expect(asked).toBe(3)
    expect(ada.health().pending).toBe(0)
    // And the other way round: a generator answers the context of a plain node.
    ada.services.register('count', async function* () {
      for (const text of ['1', '2', '3']) yield text
    })
    await world.clock.advanceUntil(() => sensor.services('count').length > 0)
    const heard: string[] = []
    const contextID = sensor.registerContext(({ data }) => void heard.push(new TextDecoder().decode(data)))
    sensor.send({ service: 'count', destAddr: ada.address, contextID })
    await world.clock.advanceUntil(() => heard.length === 3)
    expect(heard).toEqual(['1', '2', '3'])
  })
})
