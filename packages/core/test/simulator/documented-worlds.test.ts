// The worlds that docs/simulator.md shows, run.

import { createMesh } from '@hopmesh/core'
import {
  healWorld,
  injectWorldFault,
  Invariants,
  ring,
  RoutedWorld,
  runFaultScenario,
  SeededDice,
  shrinkFaults,
  simEnvironment,
  simUrl,
  SimWorld,
  starOfRelays,
  type Topology,
  Traffic,
  unrest,
  VirtualClock,
} from '@hopmesh/core/testing'
import { describe, expect, it } from 'vitest'

describe('docs/simulator.md', () => {
  it('PP-28 an app of one’s own: two members, a relay that goes silent, and a way around it', async () => {
    const world = new SimWorld(7, { clock: new VirtualClock(), latencyMs: 20 })
    world.startRouter('relay', 'relay')
    const join = (name: string) => createMesh({ name, relays: [simUrl('relay')] }, simEnvironment(world, name))
    const alice = join('alice')
    const bob = join('bob')
    bob.services.register('greet', (request) => `Hello ${request.text()}`)
    await world.network.clock.advance(5_000)

    // The way to the relay swallows everything; the two have a direct link by now.
    world.network.silence('alice', 'relay')
    const reply = alice.call('greet', 'alice')
    await world.network.clock.advance(1_000)
    expect((await reply).text()).toBe('Hello alice')
    expect(world.network.deliveries).toBeGreaterThan(0)

    await Promise.all([alice.close(), bob.close(), world.network.clock.advance(5_000)])
  })

  it('PP-28 routers on a topology, watched by all invariants', () => {
    const broken = (what: string): never => {
      throw new Error(what)
    }
    const world = new RoutedWorld(7, ring(6), { latenciesMs: [10, 40] })
    const invariants = new Invariants(world, broken)
    const traffic = new Traffic(world, invariants, broken)
    world.watcher = {
      performed: (node) => invariants.performed(node),
      delivered: (channel, message, harmed) => traffic.delivered(channel, message, harmed),
    }
    world.startAll()
    world.run(5_000)

    // The ring becomes a line; packets from one end to the other now take the long way.
    world.network.cut('member0', 'member1')
    world.run(3_000)
    const [first, second] = world.processes()
    traffic.send(first!, second!)
    world.run(1_000)
    expect(traffic.arrived).toBe(1)
    expect(second!.router.origin(first!.router.address)?.selected?.hops).toBe(5)
    expect(unrest(world, invariants)).toBeUndefined()
  })

  it('PP-28 faults by hand and by dice', () => {
    const world = new RoutedWorld(7, starOfRelays(6, 2, 2))
    world.startAll()
    world.run(3_000)

    world.path(2, 0).loss = 0.2
    world.path(3, 0).latencyMs = 400
    world.process(4)?.node.pause(30_000)
    world.kill(5, false)
    const dice = new SeededDice('my faults')
    for (let fault = 0; fault < 10; fault += 1) {
      injectWorldFault(world, dice, { kinds: ['cut', 'corruption', 'heal'], awayMsMax: 1_000 })
      world.run(500)
    }

    healWorld(world)
    world.start(5, { wallTimeShiftMs: -3_600_000 })
    world.run(90_000)
    const addresses = world.processes().map(({ router }) => router.address)
    for (const { router } of world.processes()) expect(router.routes()).toHaveLength(addresses.length - 1)
  })

  it('PP-28 a topology, seeds and faults of one’s own', () => {
    // Two towns of three and a bridge; the first node of each is its relay.
    const towns: Topology = {
      name: 'two towns',
      nodes: 6,
      edges: [
        [1, 0],
        [2, 0],
        [0, 3],
        [4, 3],
        [5, 3],
      ],
      relays: new Set([0, 3]),
    }
    for (let seed = 1_000; seed < 1_010; seed += 1)
      runFaultScenario(seed, { topology: towns, kinds: ['silent cut', 'crash', 'clock back', 'heal'] })

    const outcome = runFaultScenario(1_000, {
      topology: towns,
      faults: [
        { kind: 'partition', group: [0, 1, 2] },
        { kind: 'clock back', node: 3, awayMs: 5_000 },
        { kind: 'one-way cut', from: 4, to: 3 },
        { kind: 'address clash', node: 5, awayMs: 2_000 },
      ],
      gapMsMax: 1_000,
      recorded: true,
    })
    expect(outcome.faults).toBe(4)
    expect(outcome.restedAfterMs).toBeLessThan(60_000)
  })

  it('PP-28 a seed of ours, and what is left of it when it fails', () => {
    const outcome = runFaultScenario(7, { nodes: 8, faults: 25 })
    expect(outcome.routeChanges).toBeGreaterThan(0)
    expect(shrinkFaults(7, { nodes: 8 })).toBeUndefined()
  })
})
