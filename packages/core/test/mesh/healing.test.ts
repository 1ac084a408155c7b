import { afterEach, describe, expect, it } from 'vitest'
import { MeshError } from '../../src/errors/mesh-error.ts'
import { FakeDialer, FakeSketch } from '../devices/fake-sketch.ts'
import { simUrl } from '../../src/testing/simulator/sim-environment.ts'
import { rejectionOf } from './mesh-error-of.ts'
import { MeshWorld } from './mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

describe('PY-25 heal', () => {
  it('PY-25 a relay that waits, or refused half a minute ago, is dialed at once', async () => {
    world = new MeshWorld(300)
    const refusal = new MeshError('NETWORK_MISMATCH', 'another network')
    const ada = world.member('ada', {
      relays: [simUrl('relay'), simUrl('other')],
      environment: (same) => ({
        ...same,
        dialRelay: (url, signal) => (url.includes('other') ? Promise.reject(refusal) : same.dialRelay(url, signal)),
      }),
    })
    await world.settle(ada.ready)
    // Waits of up to 5 s by now.
    await world.clock.advance(60_000)
    expect(ada.relays.list().map(({ state }) => state)).toEqual(['waiting', 'refused'])
    world.relay()
    const since = world.clock.now()
    const healed = await world.settle(ada.heal())
    expect(healed).toEqual({ relays: 2, devices: 0, neighbours: 0 })
    expect(world.clock.now() - since).toBeLessThan(500)
    expect(ada.relays.list().map(({ state }) => state)).toEqual(['online', 'refused'])
  })

  it('PY-25 by itself: where one link breaks, a relay that waits is dialed at once, and one that refused is not', async () => {
    world = new MeshWorld(301)
    world.relay('one')
    const ada = world.member('ada', { relays: ['one', 'two'].map(simUrl) })
    await world.clock.advanceUntil(() => ada.online)
    let longest = 0
    for (let round = 0; round < 5; round++) {
      const [up, away] = round % 2 === 0 ? ['one', 'two'] : ['two', 'one']
      await world.clock.advance(60_000)
      expect(ada.relays.list().find(({ url }) => url === simUrl(away))?.state).toBe('waiting')
      world.relay(away)
      world.sim.network.kill(up, true)
      await world.clock.advanceUntil(
        () => !ada.online || ada.relays.list().some(({ url, state }) => url === simUrl(away) && state === 'online'),
      )
      const since = world.clock.now()
      await world.clock.advanceUntil(() => ada.relays.list().some(({ url, state }) => url === simUrl(away) && state === 'online'))
      longest = Math.max(longest, world.clock.now() - since)
    }
    expect(longest).toBeLessThan(500)
  })

  it('PY-25 where one link breaks the others are asked at once whether they are there', async () => {
    world = new MeshWorld(302)
    world.relay('one')
    world.relay('two')
    const ada = world.member('ada', { relays: ['one', 'two'].map(simUrl) })
    await world.clock.advanceUntil(() => ada.relays.list().every(({ state }) => state === 'online'))
    await world.clock.advance(16_000)
    // The line of the second relay dies without a word, in the moment in which the first one is lost.
    world.sim.network.silence('ada', 'two')
    world.sim.network.silence('two', 'ada')
    world.sim.network.kill('one', true)
    const since = world.clock.now()
    await world.clock.advanceUntil(() => !ada.online)
    expect(world.clock.now() - since).toBeLessThan(7_500)
  })

  it('PY-25 neighbours are asked for all that they know, and no more often than they answer', async () => {
    world = new MeshWorld(303)
    const relay = world.relay()
    const [ada, bob] = [world.member('ada'), world.member('bob')]
    await world.acquainted(ada, bob)
    await world.clock.advance(10_000)
    // What the relay said was heard wrongly: nobody will ever say it again unasked.
    const [link] = relay.links().filter(({ peer }) => peer?.address === ada.address)
    link?.sendControl({ type: 'routes', complete: false, entries: [{ destination: bob.address, seq48: 0, metric: 65_535, hops: 0 }] })
    await world.clock.advanceUntil(() => ada.peer(bob.address)?.state === 'unreachable', 1_000)
    expect(await world.settle(ada.heal())).toMatchObject({ neighbours: 1 })
    await world.clock.advanceUntil(() => ada.peer(bob.address)?.state === 'active', 500)
    expect(await world.settle(ada.heal())).toMatchObject({ neighbours: 0 })
    await world.clock.advance(5_000)
    expect(await world.settle(ada.heal())).toMatchObject({ neighbours: 1 })
  })

  it('PY-25 a device that is away is tried at once', async () => {
    world = new MeshWorld(304)
    world.relay()
    const sketch = new FakeSketch(world.clock)
    const ada = world.member('ada', { environment: (same) => ({ ...same, deviceDialers: [new FakeDialer(sketch)] }) })
    await world.settle(ada.bluetooth.pair())
    sketch.away = true
    sketch.lose()
    await world.clock.advance(60_000)
    expect(ada.bluetooth.devices[0]?.state).toBe('waiting')
    sketch.away = false
    const since = world.clock.now()
    expect(await world.settle(ada.heal())).toMatchObject({ devices: 1 })
    expect(ada.bluetooth.devices[0]?.state).toBe('online')
    expect(world.clock.now() - since).toBeLessThan(1_000)
  })

  it('PY-25 direct links that failed are sought again at once', async () => {
    world = new MeshWorld(305)
    world.relay()
    world.sim.mayBeDirect = () => false
    let openedAt = 0
    const members = ['ada', 'bob'].map((name) =>
      world.member(name, {
        links: { degree: 2 },
        environment: (same) => ({
          ...same,
          peerDialers: same.peerDialers.map((dialer) => ({
            ...dialer,
            open(attempt) {
              openedAt = world.clock.now()
              return dialer.open(attempt)
            },
          })),
        }),
      }),
    )
    await world.acquainted(...members)
    // Both have failed so often that they wait for a minute or two, and nothing is under way.
    await world.clock.advance(400_000)
    await world.clock.advanceUntil(() => world.clock.now() - openedAt > 40_000, 600_000)
    const since = world.clock.now()
    await world.settle(members[0]!.heal())
    await world.clock.advance(1_000)
    expect(openedAt).toBeGreaterThanOrEqual(since)
  })

  it('PY-25 before ready it waits, after close it is CLOSED, and a relay that never answers does not hold it up for ever', async () => {
    world = new MeshWorld(306)
    const environment = { dialRelay: () => new Promise<never>(() => {}) }
    const ada = world.member('ada', { environment: (same) => ({ ...same, ...environment }) })
    expect(await world.settle(ada.heal())).toEqual({ relays: 1, devices: 0, neighbours: 0 })
    const healing = ada.heal()
    await world.settle(ada.close())
    expect((await rejectionOf(healing)).code).toBe('CLOSED')
    expect((await rejectionOf(ada.heal())).code).toBe('CLOSED')
  })
})
