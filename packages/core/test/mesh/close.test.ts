import { afterEach, describe, expect, it } from 'vitest'
import { rejectionOf } from './mesh-error-of.ts'
import { MeshWorld } from './mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

describe('close', () => {
  it('ALN-03 PN-08 PY-24 is idempotent, settles everything that waits, and tells the neighbours', async () => {
    world = new MeshWorld(20)
    world.relay()
    const [ada, bob] = [world.member('ada'), world.member('bob')]
    bob.services.register('never', () => new Promise<string>(() => {}))
    await world.acquainted(ada, bob)
    await world.settle(ada.services.wait('never'))
    world.sim.mayBeDirect = () => false
    const cursor = ada.messages()
    const waiting = {
      call: ada.call('never', 'x'),
      send: ada.send('nobody', 'x'),
      ping: ada.ping('nobody'),
      connect: ada.connect(bob.address),
      wait: ada.services.wait('nothing'),
    }
    const rejections = Promise.all(Object.values(waiting).map(rejectionOf))
    await world.clock.advance(500)
    const ended = cursor.next()
    const closed = ada.close()
    expect(ada.close()).toBe(closed)
    await world.settle(closed)
    expect((await rejections).map(({ code }) => code)).toEqual(['CLOSED', 'CLOSED', 'CLOSED', 'CLOSED', 'CLOSED'])
    expect(await ended).toEqual({ done: true, value: undefined })
    await ada[Symbol.asyncDispose]()
    await world.clock.advanceUntil(() => bob.peer(ada.address)?.state === 'unreachable', 5_000)
    await world.clock.advance(60_000)
    expect(bob.peer(ada.address)).toBeUndefined()
  })

  it('ALN-03 after it everything rejects with CLOSED, and no event comes', async () => {
    world = new MeshWorld(21)
    world.relay()
    const ada = world.member('ada')
    await world.clock.advanceUntil(() => ada.online)
    const events: string[] = []
    for (const event of ['online', 'offline', 'peer', 'warning', 'error'] as const) ada.on(event, () => events.push(event))
    await world.settle(ada.close())
    const late = [ada.call('x'), ada.send('bob', 'x'), ada.broadcast('x'), ada.ping('bob'), ada.connect('bob'), ada.services.wait('x')]
    for (const promise of late) expect((await world.settle(rejectionOf(promise))).code).toBe('CLOSED')
    for await (const message of ada.messages()) expect(message).toBe('none')
    await world.clock.advance(60_000)
    expect(events).toEqual([])
  })

  it('ALN-03 before ready: ready rejects with CLOSED, nothing hangs, and nothing starts later', async () => {
    world = new MeshWorld(22)
    let load: (() => void) | undefined
    const environment = { disposed: 0 }
    const ada = world.member('ada', {
      environment: (same) => ({
        ...same,
        loadIdentity: async (crypto) => {
          await new Promise<void>((resolve) => {
            load = resolve
          })
          return same.loadIdentity(crypto)
        },
        dispose: () => void (environment.disposed += 1),
      }),
    })
    const early = rejectionOf(ada.call('x'))
    await world.clock.advance(10)
    await world.settle(ada.close())
    expect((await rejectionOf(ada.ready)).code).toBe('CLOSED')
    expect((await early).code).toBe('CLOSED')
    load?.()
    await world.clock.advance(30_000)
    expect(world.sim.network.deliveries).toBe(0)
    expect(environment.disposed).toBe(1)
  })

  it('ALN-03 by an AbortSignal', async () => {
    world = new MeshWorld(23)
    world.relay()
    const controller = new AbortController()
    const ada = world.member('ada', { signal: controller.signal })
    await world.clock.advanceUntil(() => ada.online)
    controller.abort()
    expect((await world.settle(rejectionOf(ada.call('x')))).code).toBe('CLOSED')
  })

  it('an identity that cannot be loaded rejects ready and whatever was asked', async () => {
    world = new MeshWorld(24)
    const ada = world.member('ada', { environment: (same) => ({ ...same, loadIdentity: () => Promise.reject(new Error('disk full')) }) })
    const call = rejectionOf(ada.call('x'))
    expect(await world.settle(rejectionOf(ada.ready))).toMatchObject({ code: 'NOT_READY', cause: { message: 'disk full' } })
    expect((await call).message).toContain('disk full')
  })

  it('nobody has to look at a rejection: none is ever unhandled', async () => {
    world = new MeshWorld(26)
    world.relay()
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    const [ada, bob] = [world.member('ada'), world.member('bob')]
    bob.on('message', () => Promise.reject(new Error('a failing listener')))
    bob.services.register('fails', () => Promise.reject(new Error('a failing handler')))
    for (const mesh of [world.member('early'), ada]) {
      if (mesh === ada) await world.acquainted(ada, bob)
      void mesh.call('nothing')
      void mesh.call('fails')
      void mesh.send('bob', 'x')
      void mesh.send('nobody', 'x')
      void mesh.send('bob', 7 as unknown as string)
      void mesh.broadcast(7 as unknown as string)
      void mesh.ping('nobody')
      void mesh.connect('nobody')
      void mesh.services.wait('nothing')
      await world.clock.advance(50)
      void mesh.close()
      void mesh.call('late')
    }
    void world.join('eve', { relays: ['ws://dead'], timeoutMs: 100 })
    await world.clock.advance(60_000)
    // Node.js tells of one before the next turn.
    await new Promise(setImmediate)
    process.off('unhandledRejection', note)
    expect(unhandled).toEqual([])
  })

  it('a call before ready is bounded by its own time', async () => {
    world = new MeshWorld(25)
    const ada = world.member('ada', { environment: (same) => ({ ...same, loadIdentity: () => new Promise<never>(() => {}) }) })
    expect((await world.settle(rejectionOf(ada.call('x', '', { timeoutMs: 500 })))).code).toBe('TIMEOUT')
  })
})
