import { afterEach, expect, it } from 'vitest'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

interface Seen {
  readonly event: unknown
  readonly online: boolean
  readonly names: string[]
  readonly services: string[]
}

/** What a listener finds while it hears that it is online. */
function watching(mesh: Mesh): Seen[] {
  const seen: Seen[] = []
  mesh.on('online', (event) => {
    const names = [...mesh.peers.values()].flatMap(({ name, state }) => (state === 'active' ? [name] : [])).toSorted()
    seen.push({ event, online: mesh.online, names, services: mesh.services.list().map(({ service }) => service) })
  })
  return seen
}

it('PY-17 online comes first and after each reconnect, and finds everybody and their services in the tables', async () => {
  world = new MeshWorld(3, { latencyMs: 40 })
  world.relay()
  const others = ['bob', 'cleo', 'dan'].map((name) => world.member(name))
  others[0]?.services.register('ping', () => 'pong')
  await world.acquainted(...others)
  const ada = world.member('ada')
  const seen = watching(ada)
  const offline: boolean[] = []
  ada.on('offline', () => void offline.push(ada.online))
  await world.clock.advance(20_000)
  world.sim.network.cut('ada', 'relay')
  await world.clock.advance(40_000)
  expect([offline, ada.online]).toEqual([[false], false])
  world.sim.network.heal('ada', 'relay')
  await world.clock.advance(60_000)
  const all = { online: true, names: ['bob', 'cleo', 'dan', 'relay'], services: ['ping'] }
  expect(seen).toEqual([
    { event: { first: true, reconnect: false }, ...all },
    { event: { first: false, reconnect: true }, ...all },
  ])
})

it('PY-17 a neighbour that proves nothing of what it tells holds online up for a second at most', async () => {
  world = new MeshWorld(4)
  world.relay()
  const others = ['bob', 'cleo'].map((name) => world.member(name))
  await world.acquainted(...others)
  const ada = world.member('ada')
  const seen = watching(ada)
  // Whatever the relay should prove never comes.
  await world.settle(ada.ready)
  Object.defineProperty(ada.router, 'settled', { get: () => false })
  await world.clock.advance(900)
  expect(seen).toHaveLength(0)
  await world.clock.advance(500)
  expect(seen).toHaveLength(1)
})
