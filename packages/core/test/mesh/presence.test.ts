import { afterEach, describe, expect, it } from 'vitest'
import type { Mesh } from '../../src/mesh/mesh.ts'
import type { Router } from '../../src/routing/router.ts'
import { rejectionOf } from './mesh-error-of.ts'
import { MeshWorld } from './mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

/** Bob, a member called Ada, and a ghost of that name: its record stands and a route leads there, but nobody answers. */
async function haunted(seed: number): Promise<{ bob: Mesh; ada: Mesh; ghost: Router }> {
  world = new MeshWorld(seed)
  const relay = world.relay()
  const [bob, ada] = [world.member('bob'), world.member('ada one', { name: 'Ada' })]
  await world.acquainted(bob, ada)
  const ghost = world.sim.startRouter('Ada', 'member')
  const [dialer, listener] = world.sim.network.connect('Ada', 'relay')
  relay.addChannel(listener)
  ghost.addChannel(dialer)
  await world.clock.advanceUntil(() => bob.peer(ghost.address)?.name === 'Ada')
  return { bob, ada, ghost }
}

describe('SE5 a record proves that somebody existed, not that it is there', () => {
  it('verified is who has answered in a session, however near it is, and both sides know', async () => {
    world = new MeshWorld(90)
    world.relay()
    const [ada, bob] = [world.member('ada'), world.member('bob')]
    await world.acquainted(ada, bob)
    world.pipe(ada, bob)
    await world.clock.advanceUntil(() => ada.peer(bob.address)?.direct === true)
    expect([ada.peer(bob.address)?.verified, bob.peer(ada.address)?.verified]).toEqual([false, false])
    const told: boolean[] = []
    ada.on('peer', ({ address, verified }) => void (address === bob.address && told.push(verified)))
    await world.settle(ada.ping('bob'))
    expect([ada.peer(bob.address)?.verified, bob.peer(ada.address)?.verified]).toEqual([true, true])
    expect(told).toEqual([true])
  })

  it('another process of the same address has to show it again', async () => {
    world = new MeshWorld(91)
    world.relay()
    const [ada, bob] = [world.member('ada'), world.member('bob')]
    await world.acquainted(ada, bob)
    await world.settle(ada.ping('bob'))
    await world.settle(bob.close())
    const again = world.member('bob')
    await world.acquainted(ada, again)
    expect(again.address).toBe(bob.address)
    expect(ada.peer(again.address)?.verified).toBe(false)
    await world.settle(again.ping('ada'))
    expect(ada.peer(again.address)?.verified).toBe(true)
  })

  it('a ghost makes no name ambiguous: who answers is meant', async () => {
    const { bob, ada, ghost } = await haunted(92)
    const heard: unknown[] = []
    ada.on('message', ({ parts }) => void heard.push(...parts))
    await world.settle(bob.send('Ada', 'are you there?'))
    expect(heard).toEqual(['are you there?'])
    expect([bob.peer(ghost.address)?.verified, bob.peer(ada.address)?.verified]).toEqual([false, true])
    // For a minute it is known already, and nobody is asked again.
    const since = world.clock.now()
    await world.settle(bob.send('Ada', 'again'))
    expect(world.clock.now() - since).toBeLessThan(200)
  })

  it('PN-02 who is known not to answer is no clash of names', async () => {
    world = new MeshWorld(99)
    const relay = world.relay()
    const bob = world.member('bob')
    const ghost = world.sim.startRouter('Ada', 'member')
    const [dialer, listener] = world.sim.network.connect('Ada', 'relay')
    relay.addChannel(listener)
    ghost.addChannel(dialer)
    await world.clock.advanceUntil(() => bob.peer(ghost.address)?.name === 'Ada')
    await world.settle(rejectionOf(bob.ping('Ada', { timeoutMs: 8_000 })))
    const ada = world.member('ada one', { name: 'Ada' })
    await world.acquainted(bob, ada)
    await world.settle(bob.send('Ada', 'and you?'))
    expect(bob.warnings.map(({ code }) => code)).not.toContain('NAME_CLASH')
    // Who has not asked cannot know.
    expect(ada.warnings.map(({ code }) => code)).toContain('NAME_CLASH')
  })

  it('calls skip for 60 s who did not answer, and it is chosen again when it does', async () => {
    const { bob, ada, ghost } = await haunted(93)
    ghost.registerService('greet', () => {}, { load: 1 })
    ada.services.register('greet', () => 'hello', { load: 0.5 })
    await world.clock.advanceUntil(() => bob.services.list('greet').length === 2)
    expect((await world.settle(rejectionOf(bob.call('greet', '', { timeoutMs: 8_000 })))).code).toBe('TIMEOUT')
    expect(bob.services.list('greet').find(({ address }) => address === ghost.address)?.silent).toBe(true)
    expect((await world.settle(bob.call('greet'))).from).toBe(ada.address)
    // Nor does anybody wait for it who asks everybody.
    const since = world.clock.now()
    const from: string[] = []
    const all = (async () => {
      for await (const answer of bob.callAll('greet')) from.push(answer.from)
    })()
    await world.settle(all)
    const members = [...(await world.settle(bob.to('*').nothing!())).keys()]
    expect([from, members, world.clock.now() - since < 1_000]).toEqual([[ada.address], [ada.address], true])
    // Who has nobody else to ask asks the ghost.
    await world.settle(ada.close())
    await world.clock.advanceUntil(() => bob.services.list('greet').length === 1)
    expect((await world.settle(rejectionOf(bob.call('greet', '', { timeoutMs: 1_000 })))).code).toBe('TIMEOUT')
    // That the calls are over is said a few times more; a minute after the last of them it may be there again.
    await world.clock.advance(300_000)
    expect(bob.services.list('greet')[0]?.silent).toBe(false)
  })
})
