import { afterEach, describe, expect, it } from 'vitest'
import type { Mesh } from '../../src/mesh/mesh.ts'
import type { PeerDialer } from '../../src/signaling/peer-dialer.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { rejectionOf } from '../mesh/mesh-error-of.ts'
import { MeshWorld, type MemberOptions } from '../mesh/mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

/** Two members of which the first has the smaller address: it makes the offers. */
async function pair(seed: number, options: MemberOptions = {}): Promise<[Mesh, Mesh]> {
  world = new MeshWorld(seed)
  world.relay()
  const meshes = ['ada', 'bob'].map((name) => world.member(name, options))
  await world.acquainted(...meshes)
  return meshes.toSorted((a, b) => (a.address < b.address ? -1 : 1)) as [Mesh, Mesh]
}

/** Counts the attempts that each mesh opens, by role. */
function counting(opened: string[]): MemberOptions['environment'] {
  return (same) => ({
    ...same,
    peerDialers: same.peerDialers.map((dialer): PeerDialer => ({
      capability: dialer.capability,
      open(attempt) {
        opened.push(attempt.role)
        return dialer.open(attempt)
      },
    })),
  })
}

function directLinks(mesh: Mesh): number {
  return mesh.router.links().filter(({ peer }) => peer?.kind === 'member').length
}

/** The last six once failed: too many lost signals, and a `want` that came long after the link. */
const seeds = [...Array.from({ length: 40 }, (_, index) => 100 + index), 1_038, 1_122, 1_134, 1_164, 1_240, 1_258]

describe('direct links', () => {
  it.each([0, 1])('PP-16 whoever asks (%i), the smaller address makes the offer, and there is one link', async (asking) => {
    const opened: string[] = []
    const [small, large] = await pair(70 + asking, { environment: counting(opened) as NonNullable<MemberOptions['environment']> })
    const [from, to] = asking === 0 ? [small, large] : [large, small]
    const peer = await world.settle(from.connect(to.address))
    expect(peer).toMatchObject({ address: to.address, direct: true, hops: 1, via: to.address, verified: true, state: 'active' })
    await world.clock.advance(5_000)
    expect(opened.toSorted()).toEqual(['dialer', 'listener'])
    for (const mesh of [small, large]) expect(directLinks(mesh)).toBe(1)
    expect(small.relays.list()[0]?.state).toBe('online')
    const before = world.clock.now()
    expect((await world.settle(from.connect(to.name))).direct).toBe(true)
    expect(world.clock.now()).toBe(before)
  })

  it('PP-16 both at the same time: one attempt, one link', async () => {
    const opened: string[] = []
    const [small, large] = await pair(72, { environment: counting(opened) as NonNullable<MemberOptions['environment']> })
    const both = Promise.all([small.connect(large.address), large.connect(small.address), small.connect(large.who)])
    await world.settle(both)
    await world.clock.advance(10_000)
    expect(opened.toSorted()).toEqual(['dialer', 'listener'])
    for (const mesh of [small, large]) expect(directLinks(mesh)).toBe(1)
  })

  it.each(seeds)('PP-16 signals that are late, doubled, lost or stale: one link in the end (seed %i)', async (seed) => {
    const [small, large] = await pair(seed)
    const dice = new SeededDice(seed)
    for (const mesh of [small, large]) {
      const send = mesh.router.send.bind(mesh.router)
      mesh.router.send = (packet) => {
        if (packet.service !== '$mesh.signal') return send(packet)
        const copies = dice.random() < 0.15 ? 0 : dice.random() < 0.4 ? 2 : 1
        for (let copy = 0; copy < copies; copy += 1)
          world.clock.setTimer(dice.random() * (dice.random() < 0.1 ? 12_000 : 400), () => void send(packet))
        return undefined
      }
    }
    const asked = [small.connect(large.address, { timeoutMs: 120_000 })]
    if (seed % 2 === 0) asked.push(large.connect(small.address, { timeoutMs: 120_000 }))
    const outcomes = await world.settle(Promise.allSettled(asked))
    expect(outcomes.map(({ status }) => status)).toEqual(asked.map(() => 'fulfilled'))
    await world.clock.advance(60_000)
    for (const mesh of [small, large]) expect(directLinks(mesh)).toBe(1)
  })

  it('PP-16 signals that belong to nothing open nothing', async () => {
    const opened: string[] = []
    const [small, large] = await pair(73, { environment: counting(opened) as NonNullable<MemberOptions['environment']> })
    const say = (from: Mesh, to: Mesh, data: unknown): unknown =>
      from.router.send({ service: '$mesh.signal', destAddr: to.address, data: JSON.stringify(data) })
    const attempt = '0123456789abcdef'
    say(large, small, { type: 'signal', attempt, number: 1, index: 0, capability: 'sim', data: 'offer x 1' })
    say(large, small, { type: 'cancel', attempt })
    say(large, small, { type: 'busy', attempt })
    say(small, large, { type: 'want', attempt })
    say(small, large, { type: 'signal', attempt, number: 1, index: 0, capability: 'other', data: '' })
    say(small, large, 'nonsense')
    await world.clock.advance(20_000)
    expect(opened).toEqual([])
  })

  it('who is dialed and cannot says so: the dialer does not wait for the whole time of an attempt', async () => {
    const [small, large] = await pair(75, {
      environment: (same) => ({
        ...same,
        peerDialers: same.peerDialers.map((dialer): PeerDialer => ({
          capability: dialer.capability,
          open(attempt) {
            if (attempt.role === 'listener') throw new Error('no links here')
            return dialer.open(attempt)
          },
        })),
      }),
    })
    const before = world.clock.now()
    const failed = await world.settle(rejectionOf(large.connect(small.address, { timeoutMs: 60_000 })))
    expect(failed.code).toBe('LINK_FAILED')
    expect(failed.tried).toHaveLength(3)
    // Three whole attempts of the other side would be 24 s.
    expect(world.clock.now() - before).toBeLessThan(8_000)
  })

  it('a firewall: LINK_FAILED says what was tried, TIMEOUT too', async () => {
    const [small, large] = await pair(74)
    world.sim.mayBeDirect = () => false
    const failed = await world.settle(rejectionOf(small.connect(large.address, { timeoutMs: 60_000 })))
    expect(failed.code).toBe('LINK_FAILED')
    expect(failed.tried).toHaveLength(3)
    expect(failed.tried[0]).toMatch(/^dialed: no direct link within/)
    const late = await world.settle(rejectionOf(large.connect(small.address, { timeoutMs: 12_000 })))
    expect(late.code).toBe('TIMEOUT')
    expect(late.tried.length).toBeGreaterThan(0)
    expect(small.peer(large.address)?.state).toBe('active')
  })

  it('who cannot be linked: no common way, a relay, oneself, nobody, an aborted wish', async () => {
    const [small, large] = await pair(75, { links: { degree: 0, webrtc: false } })
    const failed = await world.settle(rejectionOf(small.connect(large.address)))
    expect(failed.code).toBe('LINK_FAILED')
    expect(failed.tried).toHaveLength(2)
    const relay = [...small.peers.values()].find(({ kind }) => kind === 'relay')
    expect((await world.settle(rejectionOf(small.connect(relay?.address ?? '')))).code).toBe('NOT_A_MEMBER')
    expect((await world.settle(rejectionOf(small.connect(small.address)))).code).toBe('INVALID_OPTION')
    expect((await world.settle(rejectionOf(small.connect('nobody', { timeoutMs: 100 })))).code).toBe('UNKNOWN_NAME')
    expect((await world.settle(rejectionOf(small.connect('nobody', { signal: AbortSignal.abort() })))).code).toBe('ABORTED')
  })

  it('timeoutMs bounds the whole of it: finding the name and making the link', async () => {
    const [small, large] = await pair(78)
    world.sim.mayBeDirect = () => false
    const before = world.clock.now()
    const wish = rejectionOf(small.connect('late', { timeoutMs: 5_000 }))
    await world.clock.advance(4_000)
    await world.acquainted(small, world.member('late'))
    expect((await world.settle(wish)).code).toBe('TIMEOUT')
    expect(world.clock.now() - before).toBe(5_000)
    expect(large.peer(small.address)?.state).toBe('active')
  })

  it.each([0, 1])('a peer that has links enough answers BUSY (asked by %i)', async (asking) => {
    const [small, large] = await pair(76 + asking, { links: { degree: 0, accept: 0 } })
    const [from, to] = asking === 0 ? [small, large] : [large, small]
    const before = world.clock.now()
    expect((await world.settle(rejectionOf(from.connect(to.address)))).code).toBe('BUSY')
    expect(world.clock.now() - before).toBeLessThan(1_000)
  })

  it('the mesh makes direct links by itself up to links.degree, and mends them', async () => {
    world = new MeshWorld(80)
    world.relay()
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    const meshes = names.map((name) => world.member(name, { links: { degree: 2, accept: 4 } }))
    await world.acquainted(...meshes)
    await world.clock.advanceUntil(() => meshes.every((mesh) => directLinks(mesh) >= 2), 120_000)
    const [first] = meshes
    for (const name of names.slice(1)) {
      world.sim.network.cut('a', name)
      world.sim.network.heal('a', name)
    }
    await world.clock.advanceUntil(() => first !== undefined && directLinks(first) === 0, 10_000)
    await world.clock.advanceUntil(() => meshes.every((mesh) => directLinks(mesh) >= 2), 120_000)
    for (const mesh of meshes) expect(directLinks(mesh)).toBeLessThanOrEqual(5)
  })

  it('links.degree is enough: with one link each, eight members do not link everybody with everybody', async () => {
    world = new MeshWorld(82)
    world.relay()
    const meshes = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => world.member(name, { links: { degree: 1, accept: 10 } }))
    await world.acquainted(...meshes)
    await world.clock.advance(60_000)
    const counts = meshes.map(directLinks)
    expect(Math.min(...counts)).toBeGreaterThanOrEqual(1)
    // Nobody dials a second one, so there are no more links than members.
    expect(counts.reduce((sum, count) => sum + count, 0) / 2).toBeLessThanOrEqual(meshes.length)
  })

  it('links.degree 0 makes none, but takes part when asked; without the relay the direct link goes on', async () => {
    const [small, large] = await pair(81)
    await world.clock.advance(60_000)
    expect(directLinks(small) + directLinks(large)).toBe(0)
    large.services.register('ping', () => 'pong')
    await world.settle(small.connect(large.address))
    world.sim.network.kill('relay', true)
    await world.clock.advance(10_000)
    expect((await world.settle(small.call('ping'))).text()).toBe('pong')
    expect(small.peer(large.address)?.via).toBe(large.address)
  })
})
