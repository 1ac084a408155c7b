import { afterEach, describe, expect, it } from 'vitest'
import type { Environment } from '../../src/mesh/environment.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { MeshWorld, type MemberOptions } from './mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

/** A process with the key and the suffix of Ada: a copied profile, or a copied tab that nobody noticed. */
function copy(lastEpoch = 0): MemberOptions & { name: string } {
  const identity = { keyPair: world.sim.keyPairOf('ada'), tab: 'aaaa', lastEpoch }
  return { name: 'ada', environment: (same: Environment) => ({ ...same, loadIdentity: () => identity }) }
}

function start(process: string, lastEpoch?: number): { mesh: Mesh; told: string[] } {
  const mesh = world.member(process, copy(lastEpoch))
  const told: string[] = []
  mesh.on('address', ({ address, before }) => void told.push(`${before} → ${address}, ${mesh.address}`))
  return { mesh, told }
}

describe('SE4 SE5 ALN-01 two processes with one address', () => {
  it.each([
    ['one relay', ['relay']],
    ['two relays that are joined', ['relay', 'other']],
  ])('at %s: the later one keeps it, the other one takes another suffix, says so, and goes on', async (_, relays) => {
    world = new MeshWorld(110)
    const routers = relays.map((name) => world.relay(name))
    if (routers[1]) {
      const [dialer, listener] = world.sim.network.connect('relay', 'other')
      routers[1].addChannel(listener)
      routers[0]!.addChannel(dialer)
    }
    const bob = world.member('bob')
    const first = start('first')
    first.mesh.services.register('who', () => 'first')
    await world.acquainted(bob, first.mesh)
    const { address } = first.mesh
    expect((await world.settle(bob.call('who'))).text()).toBe('first')

    await world.clock.advance(5_000)
    const second = world.member('second', { ...copy(), relays: [`ws://${relays.at(-1)}`] })
    await world.settle(second.ready)
    await world.clock.advanceUntil(() => first.mesh.address !== address, 20_000)
    await world.acquainted(bob, first.mesh, second)

    expect(second.address).toBe(address)
    expect([first.mesh.who, first.told]).toEqual([second.who, [`${address} → ${first.mesh.address}, ${first.mesh.address}`]])
    expect(first.mesh.warnings.map(({ code }) => code)).toEqual(['IDENTITY_IN_USE'])
    expect(second.warnings).toEqual([])
    // What was offered is offered still, and both can be spoken to.
    await world.clock.advanceUntil(() => bob.services.list('who').some((one) => one.address === first.mesh.address))
    expect((await world.settle(bob.call('who'))).text()).toBe('first')
    const heard: unknown[] = []
    first.mesh.on('message', ({ parts, from }) => void heard.push('first', from, ...parts))
    second.on('message', ({ parts, from }) => void heard.push('second', from, ...parts))
    await world.settle(bob.send(first.mesh.address, 'to the first'))
    await world.settle(bob.send(second.address, 'to the second'))
    expect(heard).toEqual(['first', bob.address, 'to the first', 'second', bob.address, 'to the second'])
    expect((await world.settle(first.mesh.ping('bob'))).hops).toBe(2)
    // And it stays so.
    await world.clock.advance(120_000)
    expect([second.address, first.told.length, first.mesh.warnings.length]).toEqual([address, 1, 1])
  })

  it('at whatever moment they meet, one of them gives way and nobody else does', async () => {
    for (let seed = 0; seed < 30; seed += 1) {
      world = new MeshWorld(seed, { latencyMs: 5 + seed })
      world.relay()
      const bob = world.member('bob')
      const first = start('first', seed % 3 === 0 ? 2_000_000_000 : 0)
      await world.settle(bob.ready)
      await world.clock.advance((seed * 137) % 2_500)
      // Also in the same second, and with the greater number on either side.
      const second = start('second', seed % 3 === 1 ? 2_000_000_000 : 0)
      await world.clock.advance(20_000)
      const addresses = new Set([first.mesh.address, second.mesh.address])
      expect([seed, addresses.size, first.told.length + second.told.length]).toEqual([seed, 2, 1])
      expect(
        [...addresses].every((address) => bob.peer(address)?.state === 'active'),
        `seed ${seed}`,
      ).toBe(true)
      expect([...first.mesh.warnings, ...second.mesh.warnings].map(({ code }) => code)).toEqual(['IDENTITY_IN_USE'])
      await world.close()
    }
  })

  it('what is under way with the old address settles', async () => {
    world = new MeshWorld(111)
    world.relay()
    const bob = world.member('bob')
    const first = start('first')
    bob.services.register('never', () => new Promise<string>(() => {}))
    await world.acquainted(bob, first.mesh)
    await world.settle(first.mesh.services.wait('never'))
    const called = first.mesh.call('never', '', { timeoutMs: 60_000 })
    await world.clock.advance(5_000)
    start('second')
    const { code } = await world.settle(
      called.then(
        () => ({ code: 'answered' }),
        (error: unknown) => error as { code: string },
      ),
    )
    expect(['OUTCOME_UNKNOWN', 'TIMEOUT']).toContain(code)
    await world.settle(first.mesh.send('bob', 'on we go'))
  })

  it('an earlier process of this address that is gone makes nobody give way', async () => {
    world = new MeshWorld(112)
    world.relay()
    const bob = world.member('bob')
    const first = start('first')
    await world.acquainted(bob, first.mesh)
    world.sim.network.kill('first', false)
    const again = start('first', Math.floor(world.clock.wallTime() / 1_000))
    await world.acquainted(bob, again.mesh)
    await world.clock.advance(30_000)
    expect([again.told, again.mesh.warnings, again.mesh.address]).toEqual([[], [], first.mesh.address])
    world.meshes.splice(world.meshes.indexOf(first.mesh), 1)
  })
})
