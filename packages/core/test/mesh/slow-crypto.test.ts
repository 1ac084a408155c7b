import { afterEach, describe, expect, it } from 'vitest'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { SlowCrypto } from '../routing/slow-crypto.ts'
import { MeshWorld } from './mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

/** A member whose crypto port answers with promises, as a page's does. */
function slowMember(name: string, seed: number): Mesh {
  return world.member(name, {
    environment: (same) => {
      const slow = new SlowCrypto(world.clock, new SeededDice(`${seed} ${name}`), 6)
      return {
        ...same,
        crypto: Promise.resolve(same.crypto).then((crypto) => slow.port(crypto)),
        loadIdentity: async (crypto) => {
          const identity = await same.loadIdentity(crypto)
          return { ...identity, keyPair: slow.keyPair(identity.keyPair) }
        },
      }
    },
  })
}

describe('meshes over a crypto port that answers with promises', () => {
  it.each([1, 2, 3, 4, 5, 6])('call, send, ping, broadcast and connect from the first moment on (seed %i)', async (seed) => {
    world = new MeshWorld(seed)
    world.relay()
    const [ada, bob] = [slowMember('ada', seed), slowMember('bob', seed)]
    bob.services.register('greet', (request) => `hello, ${request.text()}`)
    const heard: unknown[] = []
    bob.on('message', (message) => {
      heard.push(message.parts[0])
      if (!message.inReplyTo) void message.reply('yes')
    })
    const greeted = ada.services.wait('greet').then(() => ada.call('greet', 'Ada'))
    expect((await world.settle(greeted)).text()).toBe('hello, Ada')
    expect(await world.settle(ada.send('bob', 'are you there?'))).toMatchObject({ state: 'delivered' })
    expect((await world.settle(ada.ping('bob'))).hops).toBe(2)
    world.pipe(ada, bob)
    await world.clock.advanceUntil(() => ada.peer(bob.address)?.direct === true)
    expect((await world.settle(ada.call('greet', 'again'))).hops).toBe(1)
    await world.settle(ada.broadcast('news'))
    await world.clock.advance(1_000)
    expect(heard).toEqual(['are you there?', 'news'])
  })

  it.each([1, 2, 3])('close at any moment ends everything, and nothing asks for time any more (seed %i)', async (seed) => {
    for (let afterMs = 0; afterMs < 400; afterMs += 25) {
      world = new MeshWorld(seed)
      const relay = world.relay()
      const [ada, bob] = [slowMember('ada', seed), slowMember('bob', seed)]
      bob.services.register('never', () => new Promise<string>(() => {}))
      const waits = ada.services.wait('never').then(() => ada.call('never'))
      await world.clock.advance(afterMs)
      const closing = Promise.all([ada.close(), bob.close()])
      await expect(world.settle(waits)).rejects.toMatchObject({ code: 'CLOSED' })
      await world.settle(closing)
      await world.clock.advance(20_000)
      expect(relay.links()).toEqual([])
      await relay.close()
      await world.clock.advance(1_000)
      expect(world.clock.waiting).toBe(0)
    }
  })
})

describe('what a closed mesh leaves behind', () => {
  it('no listener on the signal that it was given', async () => {
    world = new MeshWorld(9)
    const listeners = new Set<unknown>()
    const signal = {
      aborted: false,
      reason: undefined,
      addEventListener: (_: string, listener: unknown) => void listeners.add(listener),
      removeEventListener: (_: string, listener: unknown) => void listeners.delete(listener),
    }
    const ada = world.member('ada', { signal: signal as unknown as AbortSignal })
    expect(listeners.size).toBe(1)
    await world.settle(ada.close())
    expect(listeners.size).toBe(0)
  })

  it('no timer for a dialer that heeds no signal', async () => {
    world = new MeshWorld(10)
    const ada = world.member('ada', { environment: (same) => ({ ...same, dialRelay: () => new Promise(() => {}) }) })
    await world.settle(ada.ready)
    await world.clock.advance(100)
    expect(ada.relays.list()).toMatchObject([{ state: 'connecting' }])
    await world.settle(ada.close())
    expect(world.clock.waiting).toBe(0)
  })
})
