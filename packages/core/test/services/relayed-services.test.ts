import { afterAll, describe, expect, it } from 'vitest'
import { answerQuestions } from '../../src/introspection/answers.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { leafRowsMax } from '../../src/routing/exchange/leafness.ts'
import { joinPuppet } from './puppet-member.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'
import { rejectionOf } from '../mesh/mesh-error-of.ts'

const others = leafRowsMax + 40

/** One leaf, then more members than it is told of, each with a service of its own, then one more leaf. */
async function town(): Promise<{ world: MeshWorld; ada: Mesh; bob: Mesh }> {
  const world = new MeshWorld(320, { latencyMs: 5 })
  const relay = world.relay()
  answerQuestions(relay, { kind: 'relay', name: 'relay', network: 'default', clock: world.clock })
  const ada = world.member('ada')
  await world.clock.advanceUntil(() => ada.online)
  for (let at = 0; at < others; at++) {
    const services = [{ service: `service ${at}`, load: 1 }, ...(at % 2 ? [{ service: 'common', load: 1 + (at % 100) }] : [])]
    const [dialer, listener] = world.sim.network.connect(`m${at}`, 'relay', { medium: 'websocket' })
    relay.addChannel(listener)
    joinPuppet(world.sim, `m${at}`, dialer, services)
  }
  await world.clock.advance(8_000)
  const bob = world.member('bob')
  bob.services.register('hidden', (request) => `bob heard ${request.text()}`)
  bob.services.register('common', () => 'bob', { load: 0 })
  await world.clock.advanceUntil(() => bob.online)
  await world.clock.advance(5_000)
  return { world, ada, bob }
}

describe('R14 ALN-17 services of a network that is larger than a leaf knows', async () => {
  const { world, ada, bob } = await town()
  afterAll(() => world.close())

  it('the leaf was told neither of that member nor of its service', () => {
    expect(ada.router.destination(bob.address)).toBeUndefined()
    expect(ada.services.list('hidden')).toEqual([])
    expect(ada.router.wiserRelay).toBeDefined()
    expect(new Set(ada.services.list().map(({ service }) => service)).size).toBeLessThanOrEqual(leafRowsMax + 1)
  })

  it('SE1 call and wait ask the relay, and the provider proves in its session who it is', async () => {
    expect((await world.settle(ada.call('hidden', 'from afar'))).text()).toBe('bob heard from afar')
    const provider = await world.settle(ada.services.wait('hidden'))
    expect(provider).toMatchObject({ address: bob.address, kind: 'member', load: 0, local: false })
    expect(ada.services.list('hidden')).toMatchObject([{ address: bob.address }])
  })

  it('wait hears of a service that comes later, and what nobody offers is NO_SERVICE or TIMEOUT', async () => {
    const waiting = ada.services.wait('later', { timeoutMs: 20_000 })
    await world.clock.advance(5_000)
    bob.services.register('later', () => 'here')
    expect(await world.settle(waiting)).toMatchObject({ address: bob.address })
    expect((await world.settle(rejectionOf(ada.call('nobody')))).code).toBe('NO_SERVICE')
    expect((await world.settle(rejectionOf(ada.services.wait('nobody', { timeoutMs: 5_000 })))).code).toBe('TIMEOUT')
  })

  it('the relay tells the providers in pages of one packet, the best first, each once; nonsense is refused', async () => {
    const relay = ada.router.wiserRelay ?? ''
    const seen: { address: string; service: string; load: number }[] = []
    let total = 1
    while (seen.length < total) {
      const said = (await world.settle(ada.inspect(relay, 'services', { skip: seen.length }))) as { total: number; services: typeof seen }
      expect(JSON.stringify(said).length).toBeLessThanOrEqual(16_384)
      total = said.total
      seen.push(...said.services)
    }
    expect(total).toBeGreaterThan(500)
    expect(new Set(seen.map(({ address, service }) => `${address} ${service}`)).size).toBe(total)
    expect(seen.map(({ load }) => load)).toEqual(seen.map(({ load }) => load).toSorted((one, other) => one - other))
    const asked = await world.settle(ada.inspect(relay, 'services', { service: 'hidden' }))
    expect(asked).toMatchObject({ total: 1, services: [{ address: bob.address, service: 'hidden', load: 0, name: 'bob' }] })
  })

  it('to, ping, stream and send reach the address of a member that the leaf was not told of, and nobody that is away', async () => {
    bob.functions.register({ double: (_context, number: number) => number * 2 })
    bob.streams.register('echo', (_context, readable) => readable)
    expect(await world.settle(ada.to<{ double(number: number): number }>(bob.address).double(21))).toBe(42)
    expect((await world.settle(ada.ping(bob.address))).hops).toBe(2)
    expect(await world.settle(ada.send(bob.address, 'hello'))).toMatchObject({ state: 'delivered' })
    const answer = await world.settle(ada.stream(bob.address, 'echo', 'from afar'))
    expect(await world.settle(new Response(answer).text())).toBe('from afar')
    expect(ada.router.routes().some(({ address }) => address === bob.address)).toBe(false)
    const away = `${bob.who}.aaaa`
    const waiting = ada.ping(away, { timeoutMs: 5_000 })
    expect((await world.settle(rejectionOf(waiting))).code).toBe('NO_ROUTE')
  })

  it('who waits for an address that the leaf was not told of hears when its member is there', async () => {
    const cy = world.member('cy')
    await world.settle(cy.ready)
    const { address } = cy
    const pinged = ada.ping(address, { timeoutMs: 20_000 })
    expect(ada.router.destination(address)).toBeUndefined()
    expect((await world.settle(pinged)).hops).toBe(2)
  })

  it('a name and a who of somebody that the leaf was not told of are found, shown and traced', async () => {
    expect(await world.settle(ada.to<{ double(number: number): number }>('bob').double(2))).toBe(4)
    expect(await world.settle(ada.send(bob.who, 'by who'))).toMatchObject({ state: 'delivered' })
    expect(ada.peer(bob.address)).toMatchObject({ name: 'bob', kind: 'member', hops: 2, direct: false, verified: true })
    const { arrived, hops } = await world.settle(ada.trace('bob'))
    expect(arrived).toBe(true)
    expect(hops).toMatchObject([{ kind: 'relay' }, { kind: 'member', name: 'bob', address: bob.address }])
    expect((await world.settle(ada.trace(bob.address))).arrived).toBe(true)
    for (const target of ['nobody of this name', `k${'a'.repeat(26)}`, `k${'a'.repeat(26)}.aaaa`])
      expect((await world.settle(rejectionOf(ada.trace(target, { timeoutMs: 5_000 })))).code).toMatch(/UNKNOWN_NAME|NO_ROUTE/)
    await world.clock.advance(12_000)
    expect(ada.peer(bob.address)).toBeUndefined()
  })

  it('PN-02 two of one name, of whom the leaf was told neither, are told apart', async () => {
    const danas = ['one', 'two'].map((profile) => world.member(profile, { name: 'dana' }))
    for (const dana of danas) await world.clock.advanceUntil(() => dana.online)
    await world.clock.advance(5_000)
    expect(danas.map(({ address }) => ada.router.destination(address))).toEqual([undefined, undefined])
    const refused = await world.settle(rejectionOf(ada.ping('dana')))
    expect(refused).toMatchObject({ code: 'AMBIGUOUS_NAME', tried: danas.map(({ address }) => address).toSorted() })
  })

  it('a direct link with somebody of whom neither side was told', async () => {
    const carl = world.member('carl')
    const dora = world.member('dora')
    for (const one of [carl, dora]) await world.clock.advanceUntil(() => one.online)
    await world.clock.advance(5_000)
    expect(carl.router.destination(dora.address)).toBeUndefined()
    expect(dora.router.destination(carl.address)).toBeUndefined()
    expect(await world.settle(carl.connect('dora'))).toMatchObject({ address: dora.address, direct: true, name: 'dora' })
    await world.settle(dora.disconnect(carl.address))
    await world.clock.advance(60_000)
    expect(await world.settle(dora.connect(carl.address))).toMatchObject({ address: carl.address, direct: true })
  })

  it('callAll asks everybody, page by page', async () => {
    const answered: string[] = []
    const asked = new Set<string>()
    const all = ada.callAll('common', '', { timeoutMs: 2_000 })
    const reading = (async () => {
      for await (const { from, reply } of all) {
        asked.add(from)
        if (reply) answered.push(from)
      }
    })()
    await world.settle(reading)
    expect(answered).toEqual([bob.address])
    expect(asked.size).toBe(others / 2 + 1)
  })
})
