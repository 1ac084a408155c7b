import { afterEach, describe, expect, it } from 'vitest'
import { MeshError } from '../../src/errors/mesh-error.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import type { MeshOptions } from '../../src/mesh/mesh-options.ts'
import { rejectionOf } from '../mesh/mesh-error-of.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'
import { FakeDialer, FakeSketch, type SketchOptions } from './fake-sketch.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

interface Scene {
  readonly ada: Mesh
  readonly sketch: FakeSketch
  readonly dialer: FakeDialer
}

function scene(seed: number, sketchOptions: SketchOptions = {}, options: MeshOptions = {}): Scene {
  world = new MeshWorld(seed)
  world.relay()
  const sketch = new FakeSketch(world.clock, sketchOptions)
  const dialer = new FakeDialer(sketch)
  return { ada: member('ada', dialer, options), sketch, dialer }
}

function member(name: string, dialer: FakeDialer, options: MeshOptions = {}): Mesh {
  return world.member(name, { ...options, environment: (same) => ({ ...same, deviceDialers: [dialer] }) })
}

describe('pairing a device', () => {
  it('ALN-43 resolves with the plain peer, which another member sees, calls, and stops seeing when it goes', async () => {
    const { ada, sketch, dialer } = scene(1, { services: ['ping'] })
    const bob = world.member('bob')
    await world.acquainted(ada, bob)
    const peer = await world.settle(ada.bluetooth.pair())
    expect(peer).toMatchObject({ address: 'ESP32-black-box-a', kind: 'plain', state: 'active', hops: 1, direct: true, verified: false })
    expect(ada.bluetooth.devices).toMatchObject([{ id: 'device-1', name: 'ESP32-black-box-a', address: 'ESP32-black-box-a', state: 'online' }])
    expect(dialer.asked).toBe(1)
    await world.clock.advanceUntil(() => bob.services.list('ping').length > 0, 5_000)
    expect((await world.settle(bob.call('ping', 'over two tabs'))).text()).toBe('over two tabs')
    sketch.away = true
    sketch.lose()
    await world.clock.advanceUntil(() => bob.peer(peer.address)?.state === 'unreachable', 5_000)
    expect(bob.services.list('ping')).toEqual([])
  })
})
