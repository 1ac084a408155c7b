import { afterEach, describe, expect, it } from 'vitest'
import type { MeshError } from '../../src/errors/mesh-error.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { handledMax, handlerMs, type MessageHandler } from '../../src/messages/handler-chain.ts'
import type { Message } from '../../src/messages/message.ts'
import { meshErrorOf, rejectionOf } from '../mesh/mesh-error-of.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

async function pair(seed: number): Promise<{ ada: Mesh; bob: Mesh; heard: unknown[]; errors: MeshError[] }> {
  world = new MeshWorld(seed)
  world.relay()
  const [ada, bob] = [world.member('ada'), world.member('bob')]
  await world.acquainted(ada, bob)
  const heard: unknown[] = []
  const errors: MeshError[] = []
  bob.on('message', ({ parts }) => void heard.push(parts[0]))
  bob.on('error', (error) => void errors.push(error))
  return { ada, bob, heard, errors }
}

async function say(ada: Mesh, ...texts: string[]): Promise<void> {
  for (const text of texts) await world.settle(ada.send('bob', text))
}

const texts = (messages: readonly Message[]): unknown[] => messages.map(({ parts }) => parts[0])

describe('receive', () => {
  it('PY-14 the oldest, or undefined; some of them, or none; also what came before it was ever called', async () => {
    const { ada, bob } = await pair(1)
    expect([bob.receive(), bob.receive(10)]).toEqual([undefined, []])
    await say(ada, 'a', 'b', 'c', 'd')
    expect(bob.receive()?.parts).toEqual(['a'])
    expect(texts(bob.receive(2))).toEqual(['b', 'c'])
    expect(texts(bob.receive(10))).toEqual(['d'])
    expect([bob.receive(), bob.receive(10), bob.receive(0)]).toEqual([undefined, [], []])
    for (const wrong of [-1, 1.5, '2']) expect(meshErrorOf(() => bob.receive(wrong as number)).code).toBe('INVALID_OPTION')
  })

  it('PY-14 PY-18 events, loops and receive stand side by side and never compete', async () => {
    const { ada, bob, heard } = await pair(2)
    const other: unknown[] = []
    bob.on('message', ({ parts }) => void other.push(parts[0]))
    const loop = bob.messages()
    await say(ada, 'a', 'b')
    const looped = [(await loop.next()).value, (await loop.next()).value] as Message[]
    expect([heard, other, texts(looped), texts(bob.receive(5))]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ])
  })

  it('PY-14 keeps at most 1 000 messages and 4 MiB, the latest', async () => {
    const { ada, bob } = await pair(3)
    for (let index = 0; index < 1_005; index += 1) void ada.send('bob', String(index))
    await world.clock.advance(10_000)
    const kept = bob.receive(2_000)
    expect([kept.length, kept[0]?.parts, kept.at(-1)?.parts]).toEqual([1_000, ['5'], ['1004']])
    for (let index = 0; index < 5; index += 1) await world.settle(ada.send('bob', new Uint8Array(1_500_000)))
    expect(bob.receive(10)).toHaveLength(2)
    await world.settle(ada.send('bob', new Uint8Array(9_000_000)))
    expect(bob.receive(10).map(({ parts }) => (parts[0] as Uint8Array).length)).toEqual([9_000_000])
  })
})

describe('use', () => {
  it('PY-19 handlers are asked in turn until one answers true; what one took, nobody else sees', async () => {
    const { ada, bob, heard } = await pair(11)
    const asked: string[] = []
    const handler =
      (name: string, takes: string, answer: unknown = true): MessageHandler =>
      (message, _) => {
        asked.push(`${name} ${message.parts[0] as string}`)
        return message.parts[0] === takes ? answer : undefined
      }
    bob.use(handler('first', 'a'))
    const remove = bob.use(handler('second', 'b', Promise.resolve(true)))
    bob.use(handler('third', 'c', 'only true is true'))
    const loop = bob.messages()
    await say(ada, 'a', 'b', 'c')
    expect(asked).toEqual(['first a', 'first b', 'second b', 'first c', 'second c', 'third c'])
    expect([heard, texts(bob.receive(5)), (await loop.next()).value?.parts]).toEqual([['c'], ['c'], ['c']])
    remove()
    await say(ada, 'b')
    expect(heard).toEqual(['c', 'b'])
  })

  it('PY-19 HANDLER_ARITY unless it takes exactly two parameters; the error names the usual cause', async () => {
    const { bob } = await pair(12)
    const wrong: unknown[] = [
      () => true,
      (_: unknown) => true,
      (_: unknown, __: unknown, ___: unknown) => true,
      (_: unknown, __ = 1) => true,
      (...rest: unknown[]) => rest,
    ]
    for (const handler of wrong) {
      const error = meshErrorOf(() => bob.use(handler as MessageHandler))
      expect(error.code).toBe('HANDLER_ARITY')
      expect(error.message).toMatch(/default value and \.\.\.rest/)
    }
    expect(meshErrorOf(() => bob.use('handler' as unknown as MessageHandler)).code).toBe('INVALID_OPTION')
    for (let count = 0; count < 64; count += 1) bob.use((_, __) => false)
    expect(meshErrorOf(() => bob.use((_, __) => false)).code).toBe('QUEUE_FULL')
  })

  it('PY-20 a handler answers the neighbour that handed the message over, which is not its author', async () => {
    world = new MeshWorld(13)
    const [ada, bob, eve] = ['ada', 'bob', 'eve'].map((name) => world.member(name, { relays: [] })) as [Mesh, Mesh, Mesh]
    for (const mesh of [ada, bob, eve]) await world.settle(mesh.ready)
    world.pipe(ada, bob)
    world.pipe(bob, eve)
    await world.acquainted(ada, bob, eve)
    const [atAda, atBob]: [Message[], Message[]] = [[], []]
    ada.on('message', (message) => void atAda.push(message))
    bob.on('message', (message) => void atBob.push(message))
    eve.use((message, neighbour) => {
      if (message.parts[0] !== 'test') return false
      void neighbour.send('success')
      void message.reply('to the author')
      return true
    })
    const { id } = await world.settle(ada.send('eve', 'test'))
    await world.clock.advance(1_000)
    expect(atBob).toMatchObject([{ parts: ['success'], from: eve.address, inReplyTo: id, hops: 1 }])
    expect(atAda).toMatchObject([{ parts: ['to the author'], from: eve.address, inReplyTo: id }])
  })

  it('PY-20 a relay takes no messages: NOT_A_MEMBER', async () => {
    const { ada, bob } = await pair(14)
    let answer: Promise<unknown> | undefined
    bob.use((_, neighbour) => {
      answer = neighbour.send('thanks')
    })
    await say(ada, 'over the relay')
    expect((await world.settle(rejectionOf(answer as Promise<unknown>))).code).toBe('NOT_A_MEMBER')
  })

  it('PY-19 one that throws, rejects or never answers is an error event; the next one is asked, and other messages do not wait', async () => {
    const { ada, bob, heard, errors } = await pair(15)
    bob.use((message, _) => {
      if (message.parts[0] === 'throw') throw new Error('thrown')
      if (message.parts[0] === 'reject') return Promise.reject(new Error('rejected'))
      return message.parts[0] === 'block' ? new Promise(() => {}) : false
    })
    const sentAt = world.clock.now()
    await say(ada, 'throw', 'reject', 'block', 'after')
    expect(world.clock.now() - sentAt).toBeLessThan(1_000)
    expect(heard).toEqual(['throw', 'reject', 'after'])
    await world.clock.advance(handlerMs + 1_000)
    expect(heard).toEqual(['throw', 'reject', 'after', 'block'])
    expect(errors.map(({ code, message }) => [code, message.split(': ').at(-1)])).toEqual([
      ['HANDLER_FAILED', 'thrown'],
      ['HANDLER_FAILED', 'rejected'],
      ['HANDLER_FAILED', `it did not answer within ${handlerMs} ms`],
    ])
  })

  it('PY-19 messages that wait for a handler are bounded: the oldest goes on without its answer', async () => {
    const { ada, bob, heard } = await pair(16)
    bob.use((_, __) => new Promise(() => {}))
    for (let index = 0; index <= handledMax; index += 1) void ada.send('bob', String(index))
    await world.clock.advance(5_000)
    expect(heard).toEqual(['0'])
  })

  it('PY-18 a listener of messages that throws or blocks disturbs nobody', async () => {
    const { ada, bob, heard, errors } = await pair(17)
    bob.on('message', () => {
      throw new Error('bad listener')
    })
    bob.on('message', () => new Promise(() => {}))
    const after: unknown[] = []
    bob.on('message', ({ parts }) => void after.push(parts[0]))
    await say(ada, 'a', 'b')
    expect([heard, after, errors.length]).toEqual([['a', 'b'], ['a', 'b'], 2])
  })
})

describe('what a message says about itself', () => {
  it('PY-15 parts, a proven sender, the last hop, hops, id, when it was sent, what it answers', async () => {
    const { ada, bob } = await pair(21)
    const { id } = await world.settle(ada.send('bob', 'x', Uint8Array.of(1)))
    const message = bob.receive() as Message
    const relay = [...bob.peers.values()].find(({ kind }) => kind === 'relay')?.address
    expect(message).toMatchObject({
      id,
      parts: ['x', Uint8Array.of(1)],
      from: ada.address,
      via: relay,
      hops: 2,
      verified: true,
      inReplyTo: undefined,
      to: [],
    })
    expect(message.sentAt).toBeLessThanOrEqual(world.clock.wallTime())
  })
})
