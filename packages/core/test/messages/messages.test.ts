import { afterEach, describe, expect, it } from 'vitest'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { cursorMessagesMax } from '../../src/messages/message-cursor.ts'
import { broadcastBytesMax } from '../../src/messages/message-codec.ts'
import type { Message } from '../../src/messages/message.ts'
import { rejectionOf } from '../mesh/mesh-error-of.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

function members(seed: number, ...names: string[]): Promise<Mesh[]> {
  world = new MeshWorld(seed)
  return world.members(...names)
}

function heardBy(mesh: Mesh): Message[] {
  const heard: Message[] = []
  mesh.on('message', (message) => void heard.push(message))
  return heard
}

describe('messages', () => {
  it('send resolves when the library at the other end has it: by name, who and address', async () => {
    const [ada, bob] = (await members(50, 'ada', 'bob')) as [Mesh, Mesh]
    const heard = heardBy(bob)
    const sent = await world.settle(ada.send('bob', 'text', Uint8Array.of(0, 255), ''))
    expect(sent).toEqual({ id: heard[0]?.id, state: 'delivered' })
    expect(heard[0]).toMatchObject({
      from: ada.address,
      hops: 2,
      inReplyTo: undefined,
      broadcast: false,
      parts: ['text', Uint8Array.of(0, 255), ''],
    })
    expect(heard[0]?.sentAt).toBeGreaterThan(1_700_000_000_000)
    await world.settle(ada.send(bob.who, 'a'))
    await world.settle(ada.send(bob.address, 'b'))
    expect(heard).toHaveLength(3)
  })

  it('two nodes that answer every message with the line of the README go quiet', async () => {
    const [ada, bob] = (await members(51, 'ada', 'bob')) as [Mesh, Mesh]
    const [atAda, atBob] = [heardBy(ada), heardBy(bob)]
    for (const mesh of [ada, bob]) mesh.on('message', (m) => m.inReplyTo || m.reply('yes', 'I did'))
    const { id } = await world.settle(ada.send('bob', 'did you?'))
    await world.clock.advance(10_000)
    expect(atBob.map(({ parts }) => parts)).toEqual([['did you?']])
    expect(atAda.map(({ parts, inReplyTo }) => [parts, inReplyTo])).toEqual([[['yes', 'I did'], id]])
    await world.settle(bob.broadcast('all?'))
    await world.clock.advance(10_000)
    expect([atAda.length, atBob.length]).toEqual([2, 2])
  })

  it('a broadcast reaches every member once, and not the sender', async () => {
    const [ada, bob, eve] = (await members(52, 'ada', 'bob', 'eve')) as [Mesh, Mesh, Mesh]
    world.pipe(ada, bob)
    world.pipe(bob, eve)
    await world.clock.advance(2_000)
    const [atAda, atBob, atEve] = [heardBy(ada), heardBy(bob), heardBy(eve)]
    const { id } = await world.settle(ada.broadcast('this is', 'a test'))
    await world.clock.advance(2_000)
    for (const heard of [atBob, atEve])
      expect(heard).toMatchObject([{ id, from: ada.address, broadcast: true, parts: ['this is', 'a test'] }])
    expect(atAda).toEqual([])
  })

  it('a name that nobody has is UNKNOWN_NAME, one of two is AMBIGUOUS_NAME, a relay is NOT_A_MEMBER', async () => {
    const [ada, bob] = (await members(53, 'ada', 'bob')) as [Mesh, Mesh]
    expect((await world.settle(rejectionOf(ada.send('eve', 'x')))).code).toBe('UNKNOWN_NAME')
    const twin = world.member('twin', { name: 'bob' })
    await world.acquainted(ada, twin)
    const error = await world.settle(rejectionOf(ada.send('bob', 'x')))
    expect(error.code).toBe('AMBIGUOUS_NAME')
    expect(error.tried.toSorted()).toEqual([bob.address, twin.address].toSorted())
    await world.settle(twin.close())
    await world.clock.advanceUntil(() => ada.peer(twin.address)?.state !== 'active')
    await world.settle(ada.send('bob', 'no ghost makes it ambiguous'))
    const relay = [...ada.peers.values()].find(({ kind }) => kind === 'relay')
    expect((await world.settle(rejectionOf(ada.send(relay?.address ?? '', 'x')))).code).toBe('NOT_A_MEMBER')
  })

  it('somebody who comes in time still gets it by name; a name that nobody has any more is UNKNOWN_NAME', async () => {
    const [ada] = (await members(54, 'ada')) as [Mesh]
    const early = ada.send('bob', 'welcome')
    const bob = world.member('bob')
    const heard = heardBy(bob)
    await world.settle(early)
    expect(heard).toHaveLength(1)
    world.sim.network.silence('relay', 'ada')
    await world.clock.advance(60_000)
    expect((await world.settle(rejectionOf(ada.send('bob', 'x')))).code).toBe('UNKNOWN_NAME')
  })

  it('a message that is too long or made of something else is refused before it leaves', async () => {
    const [ada] = (await members(55, 'ada', 'bob')) as [Mesh, Mesh]
    expect((await world.settle(rejectionOf(ada.send('bob', new Uint8Array(17 * 1_048_576))))).code).toBe('TOO_LARGE')
    expect((await world.settle(rejectionOf(ada.broadcast(new Uint8Array(broadcastBytesMax))))).code).toBe('TOO_LARGE')
    expect((await world.settle(rejectionOf(ada.send('bob', () => 7)))).code).toBe('INVALID_OPTION')
  })

  it('PY-29 parts are values of many kinds, in messages, broadcasts and answers; what cannot be sent is refused before it leaves', async () => {
    const [ada, bob] = (await members(63, 'ada', 'bob')) as [Mesh, Mesh]
    const heard = heardBy(bob)
    const parts = [
      true,
      null,
      undefined,
      -0,
      2n ** 64n,
      -(2n ** 63n),
      1.5,
      [1, ['two']],
      { a: { b: new Date(0) } },
      new Map([['k', new Set([1])]]),
      new Float64Array([1, 2]),
      'text',
      Uint8Array.of(1),
    ]
    await world.settle(ada.send('bob', ...parts))
    await world.settle(ada.broadcast(...parts))
    await world.clock.advance(1_000)
    expect(heard.map((message) => message.parts)).toEqual([parts, parts])
    const back = heardBy(ada)
    await world.settle((heard[0] as Message).reply({ fine: true }))
    expect(back.map((message) => message.parts)).toEqual([[{ fine: true }]])
    for (const wrong of [() => 1, Symbol('s') as unknown as string, /x/, new URL('http://host'), { deep: [new WeakMap()] }]) {
      const error = await world.settle(rejectionOf(ada.send('bob', wrong)))
      expect(error.code).toBe('INVALID_OPTION')
      expect((await world.settle(rejectionOf(ada.broadcast(wrong)))).code).toBe('INVALID_OPTION')
    }
    expect(heard).toHaveLength(2)
  })

  it('16 000 bytes arrive as a message and as a broadcast', async () => {
    const [ada, bob] = (await members(61, 'ada', 'bob')) as [Mesh, Mesh]
    const heard = heardBy(bob)
    await world.settle(ada.send('bob', 'x'.repeat(16_000)))
    await world.settle(ada.broadcast('y'.repeat(16_000)))
    await world.clock.advance(1_000)
    expect(heard.map(({ parts }) => (parts[0] as string).length)).toEqual([16_000, 16_000])
  })

  it('broadcasts that the only link does not take are refused with QUEUE_FULL, and those that were taken arrive', async () => {
    const [ada, bob] = (await members(62, 'ada', 'bob')) as [Mesh, Mesh]
    const heard = heardBy(bob)
    const outcomes = await Promise.allSettled(Array.from({ length: 400 }, () => ada.broadcast(new Uint8Array(15_000))))
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(refused.length).toBeGreaterThan(0)
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'QUEUE_FULL' })
    await world.clock.advance(60_000)
    expect(heard.length).toBe(400 - refused.length)
  })

  it('the same message twice is taken once and answered twice', async () => {
    const [ada, bob] = (await members(56, 'ada', 'bob')) as [Mesh, Mesh]
    const heard = heardBy(bob)
    const send = ada.router.send.bind(ada.router)
    ada.router.send = (packet) => (packet.service === '$mesh.message' && send(packet), send(packet))
    await world.settle(ada.send('bob', 'once'))
    await world.clock.advance(1_000)
    expect(heard).toHaveLength(1)
  })

  it('a body that is no message is answered with an error and harms nobody', async () => {
    const [ada, bob] = (await members(57, 'ada', 'bob')) as [Mesh, Mesh]
    const heard = heardBy(bob)
    for (const data of [new Uint8Array(), Uint8Array.of(1), new Uint8Array(100).fill(255)]) {
      ada.router.send({ service: '$mesh.message', destAddr: bob.address, contextID: 77, data })
      void ada.router.say({ service: '$mesh.broadcast', data })
    }
    await world.clock.advance(1_000)
    expect(heard).toEqual([])
    await world.settle(ada.send('bob', 'still there'))
  })
})

describe('messages()', () => {
  it('PP-09 for await reads on in the background; events and other loops do not compete', async () => {
    const [ada, bob] = (await members(58, 'ada', 'bob')) as [Mesh, Mesh]
    const heard = heardBy(bob)
    const loops = [bob.messages(), bob.messages()]
    const reading = loops.map(async (loop) => {
      const texts: unknown[] = []
      for await (const message of loop) {
        texts.push(message.parts[0])
        if (texts.length === 3) break
      }
      return texts
    })
    for (const text of ['a', 'b', 'c', 'd']) await world.settle(ada.send('bob', text))
    expect(await Promise.all(reading)).toEqual([
      ['a', 'b', 'c'],
      ['a', 'b', 'c'],
    ])
    expect(heard).toHaveLength(4)
    expect(await loops[0]?.next()).toEqual({ done: true, value: undefined })
  })

  it('PP-09 a signal or close ends the loop; what came before is still read', async () => {
    const [ada, bob] = (await members(59, 'ada', 'bob')) as [Mesh, Mesh]
    const controller = new AbortController()
    const [aborted, closed] = [bob.messages({ signal: controller.signal }), bob.messages()]
    await world.settle(ada.send('bob', 'last'))
    controller.abort()
    await world.settle(bob.close())
    for (const loop of [aborted, closed]) {
      const texts: unknown[] = []
      for await (const message of loop) texts.push(message.parts[0])
      expect(texts).toEqual(['last'])
    }
  })

  it('PP-09 a reader that sleeps loses the oldest, and knows how many', async () => {
    const [ada, bob] = (await members(60, 'ada', 'bob')) as [Mesh, Mesh]
    const loop = bob.messages()
    const count = cursorMessagesMax + 5
    for (let index = 0; index < count; index += 1) {
      ada.broadcast(String(index)).catch(() => {})
      if (index % 100 === 99) await world.clock.advance(100)
    }
    await world.clock.advance(5_000)
    expect(loop.dropped).toBe(5)
    expect((await loop.next()).value).toMatchObject({ parts: ['5'] })
  })
})
