import { describe, expect, it } from 'vitest'
import type { MemberRecord } from '../../src/identity/member-record.ts'
import { wireNetwork } from '../../src/identity/wire-network.ts'
import { Proofs, proofTriesMs } from '../../src/routing/exchange/proofs.ts'
import { originsMax } from '../../src/routing/exchange/route-exchange.ts'
import { waitForRouteMs, WaitingPackets, waitingPacketsMax } from '../../src/routing/packets/waiting-packets.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { RouterWorld } from './router-world.ts'

const network = wireNetwork('default')

describe('proofs of routes (SE5)', () => {
  it.each([100, 700, 1_400])('a member behind a line of %i ms sees who was there before it', (latencyMs) => {
    const world = new RouterWorld()
    const [relay, near, far] = [world.router('relay', 'relay'), world.router('near'), world.router('far')]
    world.link(near, relay)
    world.run(5_000)
    world.link(far, relay, { latencyMs })
    world.run(20_000)
    expect(far.destination(near.address)).toMatchObject({ hops: 2 })
    expect(near.destination(far.address)).toMatchObject({ hops: 2 })
  })

  it('who never proves what it said is asked a few times, and then forgotten and counted', () => {
    const clock = new VirtualClock()
    const pulls: number[] = []
    const dropped: string[] = []
    const proofs = new Proofs<string>(clock, {
      pull: () => pulls.push(clock.now()),
      dropped: (neighbour, address) => dropped.push(`${neighbour} ${address}`),
    })
    proofs.hold('liar', { destination: 'ghost', seq48: 7, metric: 1, hops: 1 })
    proofs.ask('liar')
    clock.runFor(60_000)
    expect(pulls).toHaveLength(proofTriesMs.length)
    expect(dropped).toEqual(['liar ghost'])
  })

  it('a true record that is older than what was said proves nothing, and is not kept', () => {
    const proofs = new Proofs<string>(new VirtualClock(), { pull: () => {}, dropped: () => {} })
    for (let number = 0; number < 100; number++) {
      const address = `origin ${number}`
      proofs.hold('liar', { destination: address, seq48: 7, metric: 1, hops: 1 })
      const record = { address, seq48: 6, network } as MemberRecord
      expect(proofs.prove('liar', { record, bytes: new Uint8Array(32_000) })).toEqual([])
      expect(proofs.record(address)).toBeUndefined()
      expect(proofs.awaits(address)).toBe(false)
    }
  })

  it('an answer that came too late is no offence, and a second one is', () => {
    const proofs = new Proofs<string>(new VirtualClock(), { pull: () => {}, dropped: () => {} })
    const entry = { destination: 'x', seq48: 7, metric: 1, hops: 1 }
    const proof = (seq48: number) => ({ record: { address: 'x', seq48, network } as MemberRecord, bytes: new Uint8Array() })
    for (const neighbour of ['slow', 'quick']) {
      proofs.hold(neighbour, entry)
      proofs.ask(neighbour)
    }
    expect(proofs.answered('quick', 'x')).toBe(true)
    expect(proofs.prove('quick', proof(7))).toEqual([
      { neighbour: 'slow', entry },
      { neighbour: 'quick', entry },
    ])
    expect(proofs.answered('slow', 'x')).toBe(true)
    expect(proofs.prove('slow', proof(8))).toEqual([])
    expect(proofs.seq48('x')).toBe(8)
    expect([proofs.answered('slow', 'x'), proofs.answered('quick', 'x')]).toEqual([false, false])
  })

  it('SE16 a newcomer to the largest network proves all that it is told, 64 at a time', () => {
    const clock = new VirtualClock()
    const pulled: string[] = []
    let waiting = 0
    let most = 0
    const proofs = new Proofs<string>(clock, {
      pull: (_, wanted) => {
        for (const { address } of wanted) pulled.push(address)
        waiting += wanted.length
        most = Math.max(most, waiting)
      },
      dropped: (_, address) => expect.unreachable(address),
    })
    for (let number = 0; number < originsMax; number++)
      proofs.hold('relay', { destination: `origin ${number}`, seq48: 7, metric: 1, hops: 1 })
    for (let number = 0; number < originsMax; number++) {
      proofs.ask('relay')
      const address = pulled[number]!
      waiting--
      expect(proofs.prove('relay', { record: { address, seq48: 7, network } as MemberRecord, bytes: new Uint8Array() })).toHaveLength(1)
    }
    expect(most).toBe(64)
  })

  it.each([10, 30, 100, 1_000])('a provider behind a line of %i ms answers a newcomer that asks at once', (latencyMs) => {
    const world = new RouterWorld()
    const [relay, provider, newcomer] = [world.router('relay', 'relay'), world.router('provider'), world.router('newcomer')]
    world.link(provider, relay, { latencyMs })
    provider.registerService('x', ({ srcAddr, contextID }) => void provider.send({ destAddr: srcAddr, contextID, data: 'yes' }))
    world.run(10_000)
    const answers: (string | undefined)[] = []
    const contextID = newcomer.registerContext(({ srcAddr }) => void answers.push(srcAddr))
    newcomer.on('service', ({ service, address, state }) => {
      if (state === 'up') newcomer.send({ service, destAddr: address, contextID })
    })
    world.link(newcomer, relay)
    world.run(20_000)
    expect(answers).toEqual([provider.address])
  })

  it('a packet that no wire can carry and that waits for a route is a fault when its turn comes, and harms nothing', () => {
    const world = new RouterWorld()
    const [relay, provider, newcomer] = [world.router('relay', 'relay'), world.router('provider'), world.router('newcomer')]
    world.link(provider, relay, { latencyMs: 100 })
    world.run(5_000)
    world.link(newcomer, relay)
    const states: string[] = []
    let tries = 0
    while (provider.destination(newcomer.address) === undefined && tries++ < 5_000) {
      world.run(1)
      const error = provider.send({ destAddr: newcomer.address, data: new Uint8Array(30_000) })
      states.push(error?.code ?? 'waits')
    }
    world.run(1_000)
    expect(new Set(states)).toEqual(new Set(['NO_ROUTE', 'waits', 'TOO_LARGE']))
    expect(provider.faults.get('TOO_LARGE')).toBeGreaterThan(0)
    expect(newcomer.destination(provider.address)).toBeDefined()
  })

  it('packets wait for a route in order, a bounded number of them for a bounded time', () => {
    const clock = new VirtualClock()
    const waiting = new WaitingPackets(clock)
    const said: string[] = []
    const keep = (target: string, name: string): boolean =>
      waiting.keep(
        target,
        () => said.push(`${name} sent`),
        () => said.push(`${name} given up`),
      )
    keep('a', '1')
    clock.runFor(waitForRouteMs - 1)
    keep('a', '2')
    keep('b', '3')
    waiting.routed('b')
    clock.runFor(1)
    waiting.routed('a')
    waiting.routed('a')
    expect(said).toEqual(['3 sent', '1 given up', '2 sent'])
    for (let kept = 0; kept < waitingPacketsMax; kept++) expect(keep('c', 'x')).toBe(true)
    expect(keep('c', 'one more')).toBe(false)
    waiting.stop()
    clock.runFor(60_000)
    expect(said).toHaveLength(3)
    expect(keep('c', 'again')).toBe(true)
  })
})
