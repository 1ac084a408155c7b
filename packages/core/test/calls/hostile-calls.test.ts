import { afterEach, describe, expect, it } from 'vitest'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { runningBytesOfOneMax, runningCallsOfOneMax } from '../../src/calls/answered-calls.ts'
import { answersUnaskedMax } from '../../src/calls/packet-answers.ts'
import {
  answersAheadMax,
  callService,
  callTypes,
  decodeCallAnswer,
  decodeCallRequest,
  encodeAsk,
  encodeCallAnswer,
  encodeCallRequest,
  encodeTaken,
  type AnswerKind,
  type CallAnswer,
  type CallRequest,
} from '../../src/calls/call-codec.ts'
import { OutcomeCache, outcomeBytesMax, outcomesMax } from '../../src/calls/outcome-cache.ts'
import type { DecodedPacket } from '../../src/wire/packet.ts'
import { isWireFault } from '../../src/wire/wire-fault.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { rejectionOf } from '../mesh/mesh-error-of.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

function members(seed: number, ...names: string[]): Promise<Mesh[]> {
  world = new MeshWorld(seed)
  return world.members(...names)
}

function idOf(number: number): Uint8Array {
  const id = new Uint8Array(16)
  new DataView(id.buffer).setUint32(0, number)
  return id
}

/** A member that speaks the protocol of calls by hand. */
class Puppet {
  readonly answers: CallAnswer[] = []
  readonly requests: CallRequest[] = []
  readonly others: number[] = []
  readonly #mesh: Mesh

  constructor(mesh: Mesh) {
    this.#mesh = mesh
    mesh.router.registerService(callService, (packet) => this.#take(packet), { plain: false })
  }

  request(to: Mesh, of: Partial<CallRequest> & { readonly id: Uint8Array }): void {
    const request = { space: 'service', name: 'never', timeoutMs: undefined, key: undefined, body: new Uint8Array(), ...of } as const
    this.say(to, callTypes.request, encodeCallRequest(request))
  }

  answer(to: Mesh, kind: AnswerKind, index: number, body = new Uint8Array(1), id = this.requests[0]!.id): void {
    this.say(to, callTypes.answer, encodeCallAnswer({ id, kind, index, body }))
  }

  say(to: Mesh, dataType: number, data: Uint8Array): void {
    this.#mesh.router.send({ service: callService, dataType, destAddr: to.address, data })
  }

  #take({ dataType, data = new Uint8Array() }: DecodedPacket): void {
    this.others.push(dataType ?? 0)
    const copy = data.slice()
    const read =
      dataType === callTypes.answer ? decodeCallAnswer(copy) : dataType === callTypes.request ? decodeCallRequest(copy) : undefined
    if (read === undefined || isWireFault(read)) return
    if ('kind' in read) this.answers.push(read)
    else this.requests.push(read)
  }
}

describe('a member that does not keep to the rules of calls', () => {
  it('LM asks for more than runningCallsOfOneMax calls at a time: the rest is BUSY, and others are answered', async () => {
    const [ada, bob, eve] = (await members(61, 'ada', 'bob', 'eve')) as [Mesh, Mesh, Mesh]
    const puppet = new Puppet(eve)
    let running = 0
    bob.services.register('never', () => {
      running += 1
      return new Promise<string>(() => {})
    })
    bob.services.register('fine', () => 'fine')
    await world.settle(ada.services.wait('fine'))
    for (let at = 0; at < runningCallsOfOneMax + 50; at += 1) {
      puppet.request(bob, { id: idOf(at) })
      if (at % 500 === 0) await world.clock.advance(100)
    }
    await world.clock.advance(5_000)
    expect(running).toBe(runningCallsOfOneMax)
    expect(puppet.answers).toHaveLength(50)
    expect(puppet.answers.every(({ kind, body }) => kind === 'failed' && new TextDecoder().decode(body).startsWith('BUSY'))).toBe(true)
    expect((await world.settle(ada.call('fine'))).text()).toBe('fine')
    // When it cancels, there is room again.
    for (let at = 0; at < 100; at += 1) puppet.say(bob, callTypes.cancel, encodeTaken(idOf(at), 0))
    await world.clock.advance(1_000)
    puppet.request(bob, { id: idOf(99_999) })
    await world.clock.advance(1_000)
    expect(running).toBe(runningCallsOfOneMax + 1)
  }, 60_000)

  it('LM makes it hold more than runningBytesOfOneMax of requests: BUSY', async () => {
    const [bob, eve] = (await members(62, 'bob', 'eve')) as [Mesh, Mesh]
    const puppet = new Puppet(eve)
    bob.services.register('never', () => new Promise<string>(() => {}))
    const body = new Uint8Array(16_000_000)
    const fit = Math.floor(runningBytesOfOneMax / body.length)
    for (let at = 0; at <= fit; at += 1) {
      puppet.request(bob, { id: idOf(at), body })
      await world.clock.advance(5_000)
    }
    expect(puppet.answers.map(({ kind }) => kind)).toEqual(['failed'])
  }, 60_000)

  it('sends the same request twice, or cancels it before it comes: it is executed once, or never', async () => {
    const [bob, eve] = (await members(63, 'bob', 'eve')) as [Mesh, Mesh]
    const puppet = new Puppet(eve)
    const heard: string[] = []
    bob.services.register('never', (request) => {
      heard.push(request.text())
      return new Promise<string>(() => {})
    })
    puppet.request(bob, { id: idOf(1), body: new TextEncoder().encode('one') })
    puppet.request(bob, { id: idOf(1), body: new TextEncoder().encode('one again') })
    puppet.say(bob, callTypes.cancel, encodeTaken(idOf(2), 0))
    await world.clock.advance(1_000)
    puppet.request(bob, { id: idOf(2), body: new TextEncoder().encode('two') })
    await world.clock.advance(1_000)
    expect(heard).toEqual(['one'])
  })

  it('says what is no call: it is counted, and nothing else happens', async () => {
    const [bob, eve] = (await members(64, 'bob', 'eve')) as [Mesh, Mesh]
    const puppet = new Puppet(eve)
    for (const dataType of [0, 1, 3, 4, 5, 6, 7, 255]) puppet.say(bob, dataType, new Uint8Array(3))
    puppet.say(bob, callTypes.request, new Uint8Array(16).fill(9))
    puppet.request(bob, { id: idOf(1), space: 'function', name: 'x', body: new TextEncoder().encode('no value') })
    puppet.request(bob, {
      id: idOf(2),
      name: '$mesh.call',
      body: encodeCallRequest({ id: idOf(3), space: 'service', name: '$mesh.call', timeoutMs: 1, key: undefined, body: new Uint8Array() }),
    })
    puppet.request(bob, { id: idOf(4), name: '$mesh.message' })
    for (const id of [5, 6]) puppet.answer(bob, 'last', 0, new Uint8Array(2), idOf(id))
    await world.clock.advance(2_000)
    expect([...bob.router.faults.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(8)
    expect(puppet.answers.map(({ id, kind }) => [id[3], kind])).toEqual([
      [1, 'failed'],
      [2, 'failed'],
      [4, 'failed'],
    ])
    expect(puppet.answers.map(({ body }) => new TextDecoder().decode(body).split(' ')[0])).toEqual([
      'NO_FUNCTION',
      'NO_SERVICE',
      'NO_SERVICE',
    ])
  })

  it.each<[string, (puppet: Puppet, ada: Mesh) => void]>([
    ['further ahead than it may be', (puppet, ada) => puppet.answer(ada, 'item', answersAheadMax + 1)],
    [
      'with more bytes than it may be ahead',
      (puppet, ada) => {
        for (const index of [1, 2]) puppet.answer(ada, 'item', index, new Uint8Array(12_000_000))
      },
    ],
    [
      'more in order than it may be ahead',
      (puppet, ada) => {
        for (const index of [0, 1]) puppet.answer(ada, 'item', index, new Uint8Array(12_000_000))
      },
    ],
  ])('answers %s: WIRE_FAULT, and it is told that nobody wants more', async (_, answer) => {
    const [ada, eve] = (await members(65, 'ada', 'eve')) as [Mesh, Mesh]
    const puppet = new Puppet(eve)
    eve.services.register('feed', () => '')
    await world.settle(ada.services.wait('feed'))
    const reading = ada.call('feed', '', { timeoutMs: 60_000 })[Symbol.asyncIterator]()
    await world.clock.advanceUntil(() => puppet.requests.length === 1)
    answer(puppet, ada)
    await world.clock.advance(20_000)
    const toTheEnd = async (): Promise<void> => {
      while (!(await reading.next()).done);
    }
    expect((await world.settle(rejectionOf(toTheEnd()))).code).toBe('WIRE_FAULT')
    await world.clock.advance(1_000)
    expect(puppet.others).toContain(callTypes.cancel)
  })

  it('answers in any order, twice, and behind the end: each counts once, in its place', async () => {
    const [ada, eve, joe] = (await members(66, 'ada', 'eve', 'joe')) as [Mesh, Mesh, Mesh]
    const puppet = new Puppet(eve)
    const other = new Puppet(joe)
    eve.services.register('feed', () => '')
    await world.settle(ada.services.wait('feed'))
    const got: string[] = []
    const reading = (async () => {
      for await (const reply of ada.call('feed')) got.push(reply.text())
    })()
    await world.clock.advanceUntil(() => puppet.requests.length === 1)
    const say = (kind: AnswerKind, index: number, text: string): void => puppet.answer(ada, kind, index, new TextEncoder().encode(text))
    // Somebody else has guessed its id.
    other.answer(ada, 'last', 0, new TextEncoder().encode('forged'), puppet.requests[0]!.id)
    await world.clock.advance(500)
    say('item', 2, 'c')
    say('item', 0, 'a')
    say('item', 0, 'a again')
    await world.clock.advance(500)
    say('end', 3, '')
    say('item', 4, 'behind the end')
    say('item', 1, 'b')
    say('item', 3, 'd')
    await world.settle(reading)
    expect(got).toEqual(['a', 'b', 'c'])
  })

  it('takes more than it was given, or never takes: the provider is held where it is', async () => {
    const [bob, eve] = (await members(67, 'bob', 'eve')) as [Mesh, Mesh]
    const puppet = new Puppet(eve)
    let given = 0
    bob.services.register('feed', async function* () {
      for (;;) {
        given += 1
        yield 'x'
      }
    })
    puppet.request(bob, { id: idOf(1), name: 'feed' })
    await world.clock.advance(5_000)
    expect(given).toBe(answersAheadMax + 1)
    puppet.say(bob, callTypes.taken, encodeTaken(idOf(1), 2 ** 50))
    await world.clock.advance(5_000)
    expect(given).toBe(2 * answersAheadMax + 1)
  })
})

describe('a provider that has given a call up without being heard', () => {
  it('MM9 is asked, says so, and the loop ends with OUTCOME_UNKNOWN; one that is only slow is waited for', async () => {
    const [ada, eve] = (await members(69, 'ada', 'eve')) as [Mesh, Mesh]
    const slow = world.sim.network.node('eve').clock
    eve.services.register('slow', async function* () {
      yield 'one'
      await new Promise<void>((resolve) => void slow.setTimer(100_000, resolve))
      yield 'two'
    })
    await world.settle(ada.services.wait('slow'))
    const waiting = ada.call('slow')[Symbol.asyncIterator]()
    expect((await world.settle(waiting.next())).value?.text()).toBe('one')
    expect((await world.settle(waiting.next())).value?.text()).toBe('two')

    const puppet = new Puppet(eve)
    const reading = ada.call('slow')[Symbol.asyncIterator]()
    await world.clock.advanceUntil(() => puppet.requests.length === 1)
    puppet.answer(ada, 'item', 0)
    await world.settle(reading.next())
    const lost = rejectionOf(reading.next())
    await world.clock.advanceUntil(() => puppet.others.includes(callTypes.ask))
    puppet.answer(ada, 'failed', 1, new TextEncoder().encode('OUTCOME_UNKNOWN it is not here'))
    expect((await world.settle(lost)).code).toBe('OUTCOME_UNKNOWN')
    // The other way round: what was never asked here is answered so.
    puppet.say(ada, callTypes.ask, encodeAsk(idOf(7), { taken: 0, arrived: 3 }))
    await world.clock.advanceUntil(() => puppet.answers.length === 1)
    expect(puppet.answers[0]).toMatchObject({ kind: 'failed', index: 3 })
  })
})

describe('what answers may cost', () => {
  it('LM a generator answers a packet answersUnaskedMax times and no more', async () => {
    const [ada, bob] = (await members(68, 'ada', 'bob')) as [Mesh, Mesh]
    let ended = false
    bob.services.register('feed', async function* () {
      try {
        for (;;) yield 'x'
      } finally {
        ended = true
      }
    })
    await world.settle(ada.services.wait('feed'))
    let heard = 0
    const contextID = ada.router.registerContext(() => void (heard += 1), { from: bob.address })
    ada.router.send({ service: 'feed', destAddr: bob.address, contextID })
    await world.clock.advance(10_000)
    expect([heard, ended]).toEqual([answersUnaskedMax, true])
  })

  it('LM of outcomes outcomesMax and outcomeBytesMax are kept, for five minutes, the oldest goes', () => {
    const clock = new VirtualClock()
    const cache = new OutcomeCache(clock)
    for (let at = 0; at <= outcomesMax; at += 1) cache.set(`${at}`, Uint8Array.of(at))
    expect([cache.get('0'), cache.get('1')?.length]).toEqual([undefined, 1])
    cache.set('half', new Uint8Array(outcomeBytesMax / 2))
    cache.set('rest', new Uint8Array(outcomeBytesMax / 2))
    expect([cache.get('1'), cache.get('half')?.length]).toEqual([undefined, outcomeBytesMax / 2])
    cache.set('more', Uint8Array.of(1))
    expect(cache.get('half')).toBeUndefined()
    cache.set('too large', new Uint8Array(outcomeBytesMax + 1))
    expect([cache.get('too large'), cache.get('rest')?.length]).toEqual([undefined, outcomeBytesMax / 2])
    clock.runFor(300_001)
    expect(cache.get('rest')).toBeUndefined()
  })
})
