import { afterEach, describe, expect, it } from 'vitest'
import { joinMesh } from '../../src/mesh/join-mesh.ts'
import { simEnvironment, simUrl } from '../../src/testing/simulator/sim-environment.ts'
import { rejectionOf } from './mesh-error-of.ts'
import { MeshWorld } from './mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

describe('joinMesh', () => {
  it('PN-01 resolves with the first greeted link', async () => {
    world = new MeshWorld(30)
    world.relay()
    const ada = await world.settle(world.join('ada', { relays: [simUrl('dead'), simUrl('relay')] }))
    expect(ada.online).toBe(true)
    await world.settle(ada.close())
  })

  it('PP-02 without relays resolves at once', async () => {
    world = new MeshWorld(31)
    const ada = await world.settle(world.join('ada', { relays: [] }))
    expect(ada.online).toBe(false)
    expect(world.clock.now()).toBeLessThan(100)
    await world.settle(ada.close())
  })

  it('rejects with RELAY_UNREACHABLE after its time, with a line per relay', async () => {
    world = new MeshWorld(32)
    const error = await world.settle(rejectionOf(world.join('ada', { relays: [simUrl('a'), simUrl('b')], timeoutMs: 3_000 })))
    expect(error.code).toBe('RELAY_UNREACHABLE')
    expect(error.tried).toHaveLength(2)
    expect(error.tried[1]).toMatch(/^ws:\/\/b: RELAY_UNREACHABLE/)
    expect(world.clock.now()).toBeGreaterThanOrEqual(3_000)
    await world.clock.advance(20_000)
    expect(world.sim.network.deliveries).toBe(0)
  })

  it('leaves nothing behind when it fails', async () => {
    world = new MeshWorld(38)
    let dials = 0
    let disposed = 0
    const environment = simEnvironment(world.sim, 'ada')
    const dialRelay: typeof environment.dialRelay = (...asked) => {
      dials += 1
      return environment.dialRelay(...asked)
    }
    const joining = joinMesh(
      { relays: [simUrl('nowhere')], timeoutMs: 3_000 },
      { ...environment, dialRelay, dispose: () => void (disposed += 1) },
    )
    expect((await world.settle(rejectionOf(joining))).code).toBe('RELAY_UNREACHABLE')
    const dialed = dials
    await world.clock.advance(60_000)
    expect([dials, disposed]).toEqual([dialed, 1])
  })

  it('rejects with the refusal when every relay refused', async () => {
    world = new MeshWorld(33)
    world.relay()
    world.relay('other')
    const joining = world.join('ada', { network: 'elsewhere', relays: [simUrl('relay'), simUrl('other')] })
    const error = await world.settle(rejectionOf(joining))
    expect(error.code).toBe('NETWORK_MISMATCH')
    expect(error.tried).toHaveLength(2)
  })

  it('its signal aborts', async () => {
    world = new MeshWorld(34)
    const controller = new AbortController()
    const joining = rejectionOf(world.join('ada', { relays: [simUrl('relay')], signal: controller.signal }))
    await world.clock.advance(500)
    controller.abort('enough')
    expect(await world.settle(joining)).toMatchObject({ code: 'ABORTED', cause: 'enough' })
    expect((await rejectionOf(world.join('bob', { signal: AbortSignal.abort() }))).code).toBe('ABORTED')
  })

  it('bad options reject with INVALID_OPTION', async () => {
    world = new MeshWorld(35)
    expect((await rejectionOf(world.join('ada', { network: '' }))).code).toBe('INVALID_OPTION')
  })
})
