import { afterEach, describe, expect, it } from 'vitest'
import { awaitedMax, topicsMax, unkeptMax } from '../../src/broadcast/broadcast-limits.ts'
import { receiptService } from '../../src/broadcast/broadcast-receipts.ts'
import { broadcastService, type SaidWithReceipts } from '../../src/broadcast/broadcasts.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import type { Awaitable } from '../../src/ports/crypto.ts'
import type { Message } from '../../src/messages/message.ts'
import type { SimChannel } from '../../src/testing/simulator/sim-channel.ts'
import { encodeMessage } from '../../src/messages/message-codec.ts'
import { ByteWriter } from '../../src/wire/bytes.ts'
import { rejectionOf } from '../mesh/mesh-error-of.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

function members(seed: number, ...names: string[]): Promise<Mesh[]> {
  world = new MeshWorld(seed)
  return world.members(...names)
}

function textsOf(messages: readonly Message[]): string[] {
  return messages.map(({ parts: [first] }) => (typeof first === 'string' ? first : '?'))
}

function heardBy(mesh: Mesh): Message[] {
  const heard: Message[] = []
  mesh.on('message', (message) => void heard.push(message))
  return heard
}

/** The way between a member and its relay, there and back. */
function cut(name: string): void {
  world.sim.network.cut(name, 'relay')
}

describe('broadcast', () => {
  it('PY-13 who was cut off gets what was said meanwhile when it is back: once, in the order of its sender', async () => {
    const [ada, bob, eve] = (await members(1, 'ada', 'bob', 'eve')) as [Mesh, Mesh, Mesh]
    const [atBob, atEve] = [heardBy(bob), heardBy(eve)]
    cut('bob')
    await world.clock.advance(1_000)
    for (let count = 1; count <= 30; count += 1) await world.settle(ada.broadcast(`${count}`))
    await world.clock.advance(60_000)
    expect([atBob.length, atEve.length]).toEqual([0, 30])
    world.sim.network.heal('bob', 'relay')
    await world.clock.advance(40_000)
    const all = Array.from({ length: 30 }, (_, index) => `${index + 1}`)
    expect(textsOf(atBob)).toEqual(all)
    expect(textsOf(atEve)).toEqual(all)
    expect(atBob[0]).toMatchObject({ from: ada.address, broadcast: true, verified: true })
    await world.clock.advance(120_000)
    expect(atBob).toHaveLength(30)
  })

  it('PY-13 who was asleep, and who was not there yet, gets it too; also what somebody said who is gone', async () => {
    const [ada, bob] = (await members(2, 'ada', 'bob')) as [Mesh, Mesh]
    const atBob = heardBy(bob)
    world.sim.network.node('bob').pause(60_000)
    await world.settle(ada.broadcast('last words'))
    await world.clock.advance(1_000)
    await world.settle(ada.close())
    await world.clock.advance(30_000)
    const late = world.member('late')
    const atLate = heardBy(late)
    await world.settle(late.ready)
    await world.clock.advance(120_000)
    expect([textsOf(atBob), textsOf(atLate)]).toEqual([['last words'], ['last words']])
  })

  it('PY-13 what is said while nobody is there arrives when somebody is; after ten minutes it does not', async () => {
    world = new MeshWorld(3)
    const ada = world.member('ada')
    await world.settle(ada.ready)
    await world.settle(ada.broadcast('too early'))
    await world.clock.advance(590_000)
    await world.settle(ada.broadcast('early'))
    world.relay()
    await world.clock.advance(60_000)
    const bob = world.member('bob')
    const atBob = heardBy(bob)
    await world.acquainted(ada, bob)
    await world.clock.advance(30_000)
    expect(textsOf(atBob)).toEqual(['early'])
  })

  it('PY-13 equal messages are never merged', async () => {
    const [ada, bob] = (await members(4, 'ada', 'bob')) as [Mesh, Mesh]
    const atBob = heardBy(bob)
    for (let count = 0; count < 5; count += 1) await world.settle(ada.broadcast('the same'))
    await world.clock.advance(2_000)
    expect(textsOf(atBob)).toEqual(Array.from({ length: 5 }, () => 'the same'))
    expect(new Set(atBob.map(({ id }) => id)).size).toBe(5)
  })

  it('PY-13 with retain: false nothing is kept for who is away, and nothing comes late', async () => {
    const [ada, bob, eve] = (await members(5, 'ada', 'bob', 'eve')) as [Mesh, Mesh, Mesh]
    const [atBob, atEve] = [heardBy(bob), heardBy(eve)]
    cut('bob')
    await world.clock.advance(500)
    const fleeting = ada.with({ retain: false })
    for (const text of ['a', 'b']) await world.settle(fleeting.broadcast(text))
    await world.settle(ada.broadcast('kept'))
    await world.clock.advance(10_000)
    world.sim.network.heal('bob', 'relay')
    await world.clock.advance(40_000)
    await world.settle(fleeting.broadcast('c'))
    await world.clock.advance(1_000)
    expect([textsOf(atBob), textsOf(atEve)]).toEqual([
      ['kept', 'c'],
      ['a', 'b', 'kept', 'c'],
    ])
  })

  it('PY-13 once per address, also when its tab is loaded anew: what it had does not come again, what it missed comes', async () => {
    const [ada, bob] = (await members(9, 'ada', 'bob')) as [Mesh, Mesh]
    const before = heardBy(bob)
    const say = async (...texts: string[]): Promise<void> => {
      for (const text of texts) await world.settle(ada.broadcast(text))
    }
    await say('1', '2', '3')
    await world.clock.advance(1_000)
    expect(textsOf(before)).toEqual(['1', '2', '3'])
    world.sim.network.kill('bob', true)
    await say('4', '5')
    const after = heardBy(world.member('bob'))
    await world.clock.advance(20_000)
    await say('6')
    await world.clock.advance(20_000)
    expect(textsOf(after)).toEqual(['4', '5', '6'])
    // The control: a process that remembers nothing is told everything again.
    world.sim.network.kill('bob', true)
    world.sim.stores.clear()
    const forgetful = heardBy(world.member('bob'))
    await world.clock.advance(20_000)
    expect(textsOf(forgetful)).toEqual(['1', '2', '3', '4', '5', '6'])
  })

  it('PY-13 nor when it is loaded anew in the very moment in which the app has it, be it one of many that were missed', async () => {
    const [ada] = (await members(11, 'ada', 'bob')) as [Mesh]
    const expected: string[] = []
    const heard: string[] = []
    const killedAt = (mesh: Mesh, fatal: string): void => {
      mesh.on('message', (message) => {
        heard.push(...textsOf([message]))
        if (heard.at(-1) === fatal) world.sim.network.kill('bob', true)
      })
    }
    const lives = async (...fatals: string[]): Promise<void> => {
      for (const fatal of fatals) {
        killedAt(world.member('bob'), fatal)
        await world.clock.advance(20_000)
      }
    }
    world.sim.network.kill('bob', true)
    for (let count = 1; count <= 30; count += 1) {
      expected.push(`${count}`)
      await world.settle(ada.broadcast(`${count}`))
    }
    // All 30 come in one turn: those that were kept with the fatal one are lost with the process, and none comes twice.
    await lives('30', 'none')
    expect(heard).toEqual(expected)
    world.sim.network.kill('bob', true)
    await lives('later')
    for (const text of ['later', 'last']) await world.settle(ada.broadcast(text))
    await world.clock.advance(1_000)
    await lives('none')
    expect(heard).toEqual([...expected, 'later', 'last'])
  })

  it('PY-13 a store that fails, or does not answer for a while, holds up nobody for longer than a second', async () => {
    world = new MeshWorld(12)
    world.relay()
    let answers: 'at once' | 'never' | 'no' = 'at once'
    const bob = world.member('bob', {
      environment: (environment) => ({
        ...environment,
        async loadIdentity(crypto) {
          const identity = await environment.loadIdentity(crypto)
          const store = identity.store!
          const set = (key: string, value: Uint8Array): Awaitable<void> => {
            if (answers === 'no') throw new Error('the disk is full')
            return answers === 'never' ? new Promise<void>(() => {}) : store.set(key, value)
          }
          return {
            ...identity,
            store: {
              list: (prefix) => store.list(prefix),
              add: (key, value) => store.add(key, value),
              set,
              delete: (keys) => store.delete(keys),
            },
          }
        },
      }),
    })
    const ada = world.member('ada')
    const atBob = heardBy(bob)
    await world.acquainted(ada, bob)
    answers = 'never'
    for (const text of ['1', '2']) await world.settle(ada.broadcast(text))
    await world.clock.advance(900)
    expect(textsOf(atBob)).toEqual([])
    await world.clock.advance(2_000)
    expect(textsOf(atBob)).toEqual(['1', '2'])
    answers = 'no'
    await world.settle(ada.broadcast('3'))
    await world.clock.advance(500)
    expect(textsOf(atBob)).toEqual(['1', '2', '3'])
    answers = 'never'
    for (let count = 0; count <= unkeptMax; count += 1) await world.settle(ada.broadcast('many'))
    await world.clock.advance(500)
    expect(atBob).toHaveLength(3 + unkeptMax + 1)
  })

  it('PY-13 a member whose clock is wrong is heard, and hears: it is asked what time it is there', async () => {
    world = new MeshWorld(10)
    world.relay()
    world.sim.network.node('ada').wallTimeShiftMs = -7_200_000
    const [ada, bob, eve] = ['ada', 'bob', 'eve'].map((name) => world.member(name)) as [Mesh, Mesh, Mesh]
    await world.acquainted(ada, bob, eve)
    const [atAda, atBob] = [heardBy(ada), heardBy(bob)]
    await world.settle(ada.broadcast('is it late?'))
    await world.settle(ada.broadcast('I think so'))
    await world.settle(bob.broadcast('no'))
    await world.settle(eve.broadcast('yes'))
    await world.clock.advance(10_000)
    expect(textsOf(atBob)).toEqual(['yes', 'is it late?', 'I think so'])
    expect(textsOf(atAda).toSorted()).toEqual(['no', 'yes'])
    expect(atBob.every(({ verified }) => verified)).toBe(true)
    // Who cannot be asked any more is judged by one's own clock.
    await world.settle(ada.broadcast('farewell'))
    await world.clock.advance(1_000)
    await world.settle(ada.close())
    const late = world.member('late')
    const atLate = heardBy(late)
    await world.acquainted(bob, late)
    await world.clock.advance(30_000)
    expect(textsOf(atLate).toSorted()).toEqual(['no', 'yes'])
    expect(late.router.faults.get('STALE')).toBeGreaterThan(0)
  })

  it('PY-13 that is kept nowhere waits for no store; what waits for one is handed out when the mesh closes', async () => {
    const answers: (() => void)[] = []
    world = new MeshWorld(13)
    world.relay()
    const bob = world.member('bob', {
      environment: (environment) => ({
        ...environment,
        async loadIdentity(crypto) {
          const identity = await environment.loadIdentity(crypto)
          const set = (): Promise<void> => new Promise((resolve) => answers.push(resolve))
          return { ...identity, store: { list: () => [], add: () => true, set, delete: () => {} } }
        },
      }),
    })
    const ada = world.member('ada')
    await world.acquainted(ada, bob)
    const atBob: Message[] = []
    bob.topic('chat').on('message', (message) => void atBob.push(message))
    const everything = heardBy(bob)
    answers.length = 0
    await world.settle(ada.topic('chat', { retain: false }).broadcast('fleeting'))
    await world.clock.advance(500)
    expect([textsOf(atBob), answers.length]).toEqual([['fleeting'], 0])
    await world.settle(ada.topic('chat').broadcast('kept'))
    await world.clock.advance(500)
    expect([textsOf(atBob), answers.length]).toEqual([['fleeting'], 1])
    await world.settle(ada.broadcast('without a topic'))
    await world.clock.advance(500)
    await world.settle(bob.close())
    expect(textsOf(atBob)).toEqual(['fleeting', 'kept'])
    expect(textsOf(everything)).toContain('without a topic')
  })

  it('PY-12 whisper goes to neighbours and no further', async () => {
    const [ada, bob, eve] = (await members(6, 'ada', 'bob', 'eve')) as [Mesh, Mesh, Mesh]
    const [atBob, atEve] = [heardBy(bob), heardBy(eve)]
    expect((await world.settle(ada.whisper('nobody is near'))).outcomes.size).toBe(0)
    world.pipe(ada, bob)
    await world.clock.advance(2_000)
    const { id, outcomes } = await world.settle(ada.whisper('only', 'neighbours'))
    await world.clock.advance(2_000)
    expect([...outcomes.keys()]).toEqual([bob.address])
    expect(atBob.map(({ parts, broadcast, id: got }) => [parts, broadcast, got])).toEqual([[['only', 'neighbours'], false, id]])
    expect(atEve).toEqual([])
  })

  it('PY-11 a topic is heard where it is open, also when it was opened before the mesh was ready, and as nothing else', async () => {
    world = new MeshWorld(7)
    world.relay()
    const [ada, bob, eve] = ['ada', 'bob', 'eve'].map((name) => world.member(name)) as [Mesh, Mesh, Mesh]
    const atBob: Message[] = []
    bob.topic('chat').on('message', (message) => void atBob.push(message))
    const atEve = heardBy(eve)
    const chat = ada.topic('chat')
    await world.settle(chat.broadcast('first'))
    await world.acquainted(ada, bob, eve)
    const answered: Message[] = []
    chat.on('message', (message) => void answered.push(message))
    await world.clock.advance(5_000)
    expect(atBob.map(({ parts, topic }) => [parts, topic])).toEqual([[['first'], 'chat']])
    expect(atEve).toEqual([])
    await world.settle(atBob[0]!.replyAll('second'))
    await world.clock.advance(1_000)
    expect(textsOf(answered)).toEqual(['second'])
    chat.close()
    await world.settle(bob.topic('chat').broadcast('third'))
    await world.clock.advance(1_000)
    expect(answered).toHaveLength(1)
  })

  it('PY-11 a topic that is open several times is heard at each, and at none that is opened by who hears it, or was closed', async () => {
    const [ada, bob] = (await members(14, 'ada', 'bob')) as [Mesh, Mesh]
    const heard: string[] = []
    const [one, other] = ['one', 'other'].map((name) => {
      const topic = bob.topic('chat')
      topic.on('message', (message) => {
        heard.push(`${name} ${textsOf([message])[0]}`)
        bob.topic('chat').on('message', (again) => void heard.push(`opened by ${name} ${textsOf([again])[0]}`))
      })
      return topic
    })
    bob.topic('another').on('message', () => void heard.push('another'))
    await world.settle(ada.topic('chat').broadcast('1'))
    await world.clock.advance(1_000)
    expect(heard.splice(0)).toEqual(['one 1', 'other 1'])
    one!.close()
    other!.close()
    await world.settle(ada.topic('chat').broadcast('2'))
    await world.clock.advance(1_000)
    expect(heard).toEqual(['opened by one 2', 'opened by other 2'])
  })

  it('LM a topic counts until it is closed, once; after the end none is open', async () => {
    const [ada] = (await members(15, 'ada')) as [Mesh]
    const open = Array.from({ length: topicsMax }, () => ada.topic('the same'))
    for (let count = 0; count < 2; count += 1) open[0]!.close()
    ada.topic('in its place')
    expect(() => ada.topic('one more')).toThrow(expect.objectContaining({ code: 'QUEUE_FULL' }))
    await world.settle(ada.close())
    for (let count = 0; count <= topicsMax; count += 1) ada.topic('late')
  })

  it('what cannot be is refused with a code', async () => {
    const [ada] = (await members(8, 'ada')) as [Mesh]
    for (const name of ['', 'x'.repeat(65), 7 as unknown as string])
      expect(() => ada.topic(name)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect(() => ada.topic('chat', { recepits: true } as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
    expect((await world.settle(rejectionOf(ada.broadcast('x'.repeat(20_000))))).code).toBe('TOO_LARGE')
    const over = new AbortController()
    over.abort()
    expect((await world.settle(rejectionOf(ada.with({ signal: over.signal }).broadcast('x')))).code).toBe('ABORTED')
    const open = Array.from({ length: 256 }, (_, index) => ada.topic(`${index}`))
    expect(() => ada.topic('one more')).toThrow(expect.objectContaining({ code: 'QUEUE_FULL' }))
    for (const topic of open) topic.close()
    ada.topic('one more').close()
  })
})

describe('a hostile member', () => {
  it('broadcasts what is no message: it is counted, told to no app, and its next one is heard', async () => {
    const [ada, bob] = (await members(28, 'ada', 'bob')) as [Mesh, Mesh]
    const [atBob, errors] = [heardBy(bob), [] as unknown[]]
    bob.on('error', (error) => errors.push(error))
    await world.settle(Promise.resolve(ada.router.say({ service: '$mesh.broadcast', data: Uint8Array.of(9, 9) }, { retain: true })))
    await world.settle(ada.broadcast('well said'))
    await world.clock.advance(1_000)
    expect(textsOf(atBob)).toEqual(['well said'])
    expect([bob.router.faults.get('WIRE_FAULT'), errors]).toEqual([1, []])
  })

  it('SE9 says to one alone, as if it were to all, what only broadcasts may say: nobody hears it', async () => {
    const [ada, bob] = (await members(30, 'ada', 'bob')) as [Mesh, Mesh]
    const atBob = heardBy(bob)
    const data = encodeMessage({ id: '0'.repeat(32), sentAt: 0, parts: ['to you alone'] })
    ada.router.send({ service: broadcastService, destAddr: bob.address, data })
    await world.settle(ada.broadcast('to all'))
    await world.clock.advance(1_000)
    expect(textsOf(atBob)).toEqual(['to all'])
  })

  it('SE9 asks everybody at once for receipts: nobody answers; who is asked alone does', async () => {
    const [ada, bob] = (await members(31, 'ada', 'bob')) as [Mesh, Mesh]
    const said = await world.settle(ada.with({ receipts: true }).broadcast('x'))
    await world.settle(said.done)
    const given: number[] = []
    bob.router.acknowledge = ({ epoch }) => void given.push(epoch)
    const [life] = bob.router.deliveredBroadcasts()
    const data = new ByteWriter(8).u32(life!.epoch).u8(0).finish()
    await world.settle(Promise.resolve(ada.router.say({ service: receiptService, data }, { retain: true })))
    await world.clock.advance(2_000)
    expect(given).toEqual([])
    ada.router.send({ service: receiptService, destAddr: bob.address, data })
    await world.clock.advance(2_000)
    expect(given).toEqual([life!.epoch])
  })
})

describe('receipts', () => {
  it('PY-13 are given where they are asked for, and by nobody who closed on hearing it', async () => {
    const [ada, bob] = (await members(32, 'ada', 'bob')) as [Mesh, Mesh]
    let given = 0
    bob.router.acknowledge = () => void (given += 1)
    await world.settle(ada.broadcast('unasked'))
    await world.clock.advance(1_000)
    expect(given).toBe(0)
    await world.settle(ada.with({ receipts: true }).broadcast('asked'))
    await world.clock.advance(1_000)
    expect(given).toBe(1)
    bob.on('message', () => void bob.close())
    await world.settle(ada.with({ receipts: true }).broadcast('the last'))
    await world.clock.advance(1_000)
    expect(given).toBe(1)
  })

  it('PY-13 say who has it, who has not yet, and who left; done when nobody is pending', async () => {
    const [ada, bob, eve, zoe] = (await members(20, 'ada', 'bob', 'eve', 'zoe')) as [Mesh, Mesh, Mesh, Mesh]
    world.sim.network.node('eve').pause(20_000)
    world.sim.network.kill('zoe', false)
    const said: SaidWithReceipts = await world.settle(ada.with({ receipts: true }).broadcast('who has it?'))
    expect([...said.pending].toSorted()).toEqual([bob.address, eve.address, zoe.address].toSorted())
    let done = false
    void said.done.then(() => (done = true))
    await world.clock.advance(1_000)
    expect([...said.delivered]).toEqual([bob.address])
    await world.clock.advance(25_000)
    expect([...said.delivered].toSorted()).toEqual([bob.address, eve.address].toSorted())
    expect(done).toBe(false)
    await world.clock.advance(40_000)
    expect([...said.left]).toEqual([zoe.address])
    expect(done).toBe(true)
    // Whoever comes back, or comes, within the window has it then.
    const back = world.member('zoe')
    const late = world.member('late')
    await world.acquainted(ada, back, late)
    await world.clock.advance(30_000)
    expect([said.delivered.size, said.left.size, said.delivered.has(late.address)]).toEqual([4, 0, true])
  })

  it('PY-13 come beside the id that everybody hears, and beside nothing else', async () => {
    const [ada, bob] = (await members(29, 'ada', 'bob')) as [Mesh, Mesh]
    const [atAda, atBob] = [heardBy(ada), heardBy(bob)]
    bob.topic('chat').on('message', (message) => void atBob.push(message))
    const said = await world.settle(ada.with({ receipts: true }).broadcast('which is it?'))
    const about = await world.settle(ada.topic('chat', { receipts: true }).broadcast('and this?'))
    await world.clock.advance(1_000)
    expect(atBob.map(({ id }) => id)).toEqual([said.id, about.id])
    expect(Object.keys(said).toSorted()).toEqual(['delivered', 'done', 'id', 'left', 'pending'])
    await world.settle(atBob[0]!.reply('that one'))
    expect(atAda.map(({ inReplyTo }) => inReplyTo)).toEqual([said.id])
  })

  it('PY-13 that are lost are asked for again', async () => {
    const [ada, bob] = (await members(21, 'ada', 'bob')) as [Mesh, Mesh]
    const acknowledge = bob.router.acknowledge.bind(bob.router)
    let lost = 0
    bob.router.acknowledge = (rows) => {
      lost += 1
      if (lost > 1) acknowledge(rows)
    }
    const said = await world.settle(ada.with({ receipts: true }).broadcast('x'))
    await world.settle(said.done)
    expect([lost, said.delivered.size]).toEqual([2, 1])
  })

  it('PY-13 of who was loaded anew before it gave one are given when it is asked, and nothing comes twice', async () => {
    const [ada, bob] = (await members(26, 'ada', 'bob')) as [Mesh, Mesh]
    bob.router.acknowledge = () => {}
    const before = heardBy(bob)
    const said = await world.settle(ada.with({ receipts: true }).broadcast('x'))
    await world.clock.advance(1_000)
    expect([textsOf(before), said.pending.has(bob.address)]).toEqual([['x'], true])
    world.sim.network.kill('bob', true)
    const after = heardBy(world.member('bob'))
    await world.clock.advance(20_000)
    expect([textsOf(after), [...said.delivered]]).toEqual([[], [bob.address]])
  })

  it('PY-13 of who left and is back are waited for, and asked for, again', async () => {
    const [ada, bob, eve] = (await members(27, 'ada', 'bob', 'eve')) as [Mesh, Mesh, Mesh]
    const acknowledge = bob.router.acknowledge.bind(bob.router)
    bob.router.acknowledge = () => {}
    const said = await world.settle(ada.with({ receipts: true }).broadcast('x'))
    await world.clock.advance(1_000)
    cut('bob')
    await world.clock.advance(60_000)
    expect([[...said.delivered], [...said.left]]).toEqual([[eve.address], [bob.address]])
    world.sim.network.heal('bob', 'relay')
    await world.clock.advance(30_000)
    expect([[...said.pending], said.left.size]).toEqual([[bob.address], 0])
    bob.router.acknowledge = acknowledge
    await world.clock.advance(30_000)
    expect(said.delivered.has(bob.address)).toBe(true)
  })

  it('PY-13 cannot be made up: what somebody else signs, or nobody, counts for nothing', async () => {
    const [ada, bob, eve] = (await members(22, 'ada', 'bob', 'eve')) as [Mesh, Mesh, Mesh]
    // Bob gives no receipt, and Eve gives one in his name.
    bob.router.acknowledge = () => {}
    const acknowledge = eve.router.acknowledge.bind(eve.router)
    eve.router.acknowledge = (rows) => {
      const { address } = eve.router
      acknowledge(rows)
      Object.defineProperty(eve.router, 'address', { value: address })
    }
    const said = await world.settle(ada.with({ receipts: true }).broadcast('x'))
    await world.clock.advance(5_000)
    expect([[...said.delivered], [...said.pending]]).toEqual([[eve.address], [bob.address]])
  })

  it('awaitedMax broadcasts wait for receipts at one time', async () => {
    const [ada] = (await members(25, 'ada', 'bob')) as [Mesh, Mesh]
    world.sim.network.node('bob').pause(60_000)
    const asking = ada.with({ receipts: true })
    for (let count = 0; count < awaitedMax; count += 1) await world.settle(asking.broadcast('x'))
    expect((await world.settle(rejectionOf(asking.broadcast('x')))).code).toBe('QUEUE_FULL')
    await world.clock.advance(90_000)
    await world.settle(asking.broadcast('x'))
  })

  it('settle when the mesh closes, and when the signal is aborted', async () => {
    const [ada, bob] = (await members(23, 'ada', 'bob')) as [Mesh, Mesh]
    world.sim.network.node('bob').pause(60_000)
    const over = new AbortController()
    const aborted = await world.settle(ada.with({ receipts: true, signal: over.signal }).broadcast('a'))
    const closed = await world.settle(ada.topic('chat', { receipts: true }).broadcast('b'))
    expect(closed.pending.has(bob.address)).toBe(true)
    over.abort()
    expect((await rejectionOf(aborted.done)).code).toBe('ABORTED')
    await world.settle(ada.close())
    expect((await rejectionOf(closed.done)).code).toBe('CLOSED')
  })

  it('PY-13 of many members come together: their sender is not flooded', async () => {
    world = new MeshWorld(24)
    world.relay()
    const ada = world.member('ada')
    const others = Array.from({ length: 60 }, (_, index) => world.member(`m${index}`))
    await world.acquainted(ada, ...others)
    const [link] = ada.router.links()
    const frames: number[] = []
    const own = link!.channel as { ondata?: unknown }
    void own
    world.sim.network.observer = {
      delivered: (channel: SimChannel) => void (channel.other?.node.name === 'relay' && channel.node.name === 'ada' && frames.push(1)),
    } as never
    const said = await world.settle(ada.with({ receipts: true }).broadcast('all of you?'))
    await world.settle(said.done)
    expect(said.delivered.size).toBe(60)
    // Sixty receipts in a few messages.
    expect(frames.length).toBeLessThan(12)
  })
})
