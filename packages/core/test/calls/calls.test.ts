import { afterEach, describe, expect, it } from 'vitest'
import type { Mesh } from '../../src/mesh/mesh.ts'
import type { Request } from '../../src/calls/request.ts'
import type { ServiceListing } from '../../src/services/service-listing.ts'
import { rejectionOf } from '../mesh/mesh-error-of.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

function members(seed: number, ...names: string[]): Promise<Mesh[]> {
  world = new MeshWorld(seed)
  return world.members(...names)
}

/** Ends a member as if its process had died: nobody hears of it from itself. */
async function kill(mesh: Mesh): Promise<void> {
  world.sim.network.kill(mesh.name, false)
  world.meshes.splice(world.meshes.indexOf(mesh), 1)
}

describe('calls with many answers', () => {
  it('ALN-18 PN-10 a generator answers many times, in order, and the loop ends with it', async () => {
    const [ada, bob] = (await members(60, 'ada', 'bob')) as [Mesh, Mesh]
    bob.services.register('feed', async function* (request) {
      const from = Number(request.text().split(' ')[1])
      for (let at = from; at < from + 300; at += 1) yield String(at)
    })
    await world.settle(ada.services.wait('feed'))
    const got: number[] = []
    const read = async (): Promise<void> => {
      for await (const reply of ada.call('feed', 'from 7')) got.push(Number(reply.text()))
    }
    await world.settle(read())
    expect(got).toEqual(Array.from({ length: 300 }, (_, index) => 7 + index))
    expect(ada.health().pending + bob.health().pending).toBe(0)
  })

  it('ALN-18 await takes the first answer and cancels the rest: the generator ends, its signal is aborted', async () => {
    const [ada, bob] = (await members(61, 'ada', 'bob')) as [Mesh, Mesh]
    let given = 0
    let ended = false
    let signal: AbortSignal | undefined
    bob.services.register('feed', async function* (request) {
      signal = request.signal
      try {
        for (;;) yield `answer ${given++}`
      } finally {
        ended = true
      }
    })
    await world.settle(ada.services.wait('feed'))
    expect((await world.settle(ada.call('feed'))).text()).toBe('answer 0')
    await world.clock.advanceUntil(() => ended)
    expect(signal?.aborted).toBe(true)
    expect(given).toBeLessThanOrEqual(65)
  })

  it('ALN-18 a reader that is slow holds the generator back; one that leaves the loop ends it', async () => {
    const [ada, bob] = (await members(62, 'ada', 'bob')) as [Mesh, Mesh]
    let given = 0
    let ended = false
    bob.services.register('feed', async function* () {
      try {
        for (;;) yield `${given++}`
      } finally {
        ended = true
      }
    })
    bob.services.register('heavy', async function* () {
      for (;;) {
        given += 1
        yield new Uint8Array(400_000)
      }
    })
    await world.settle(ada.services.wait('heavy'))
    const reading = ada.call('feed')[Symbol.asyncIterator]()
    expect((await world.settle(reading.next())).value?.text()).toBe('0')
    await world.clock.advance(60_000)
    expect(given).toBeLessThanOrEqual(66)
    for (let at = 1; at < 200; at += 1) expect((await world.settle(reading.next())).value?.text()).toBe(String(at))
    expect(ended).toBe(false)
    await reading.return?.()
    await world.clock.advanceUntil(() => ended)
    given = 0
    const heavy = ada.call('heavy')[Symbol.asyncIterator]()
    await world.settle(heavy.next())
    await world.clock.advance(60_000)
    // Bytes are held back too: a megabyte, not 64 answers.
    expect(given).toBeLessThanOrEqual(5)
    await heavy.return?.()
  })

  it('ALN-18 what nobody reads is given up when the time is up, and is never an unhandled rejection', async () => {
    const [ada, bob] = (await members(63, 'ada', 'bob')) as [Mesh, Mesh]
    const unhandled: unknown[] = []
    const listen = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', listen)
    let ended = 0
    bob.services.register('feed', async function* () {
      try {
        for (;;) yield 'x'
      } finally {
        ended += 1
      }
    })
    bob.services.register('fails', () => {
      throw new Error('no')
    })
    await world.settle(ada.services.wait('fails'))
    ada.call('feed', '', { timeoutMs: 2_000 })
    ada.call('fails')
    ada.call('nobody has it')
    ada.call('')
    ada.callAll('nobody has it')
    await world.clock.advance(3_000)
    // Node.js tells of one before the next turn.
    await new Promise(setImmediate)
    process.off('unhandledRejection', listen)
    expect(unhandled).toEqual([])
    expect(ended).toBe(1)
    expect(ada.health().pending).toBe(0)
  })

  it('ALN-08 PN-19 an error behind some answers comes behind them, with name, code and message', async () => {
    const [ada, bob] = (await members(64, 'ada', 'bob')) as [Mesh, Mesh]
    bob.services.register('feed', async function* () {
      yield 'one'
      yield 'two'
      throw Object.assign(new RangeError('no third'), { code: 'THREE' })
    })
    bob.services.register('empty', async function* () {})
    bob.services.register('odd', async function* () {
      yield 7 as unknown as string
    })
    await world.settle(ada.services.wait('odd'))
    const got: string[] = []
    const read = async (): Promise<void> => {
      for await (const reply of ada.call('feed')) got.push(reply.text())
    }
    const error = await world.settle(rejectionOf(read()))
    expect(got).toEqual(['one', 'two'])
    expect(error).toMatchObject({ code: 'REMOTE_ERROR', cause: { name: 'RangeError', code: 'THREE', message: 'no third' } })
    expect((await world.settle(rejectionOf(ada.call('empty')))).code).toBe('NO_REPLY')
    expect((await world.settle(ada.call('empty')[Symbol.asyncIterator]().next())).done).toBe(true)
    expect((await world.settle(rejectionOf(ada.call('odd')))).code).toBe('HANDLER_FAILED')
  })

  it('ALN-08 what a handler throws is told at home, once, and disturbs neither other calls nor the node', async () => {
    const [ada, bob] = (await members(75, 'ada', 'bob')) as [Mesh, Mesh]
    const told: string[] = []
    bob.on('error', (error) => told.push(`${error.code} ${error.message}`))
    bob.services.register('fails', async () => {
      throw new RangeError('too far')
    })
    bob.services.register('feed', async function* () {
      yield 'one'
      throw new Error('no second')
    })
    bob.services.register('fine', () => 'fine')
    bob.functions.register({
      breaks: () => {
        throw new TypeError('broken')
      },
    })
    await world.settle(ada.services.wait('fine'))
    const all = [rejectionOf(ada.call('fails')), ada.call('fine'), rejectionOf(ada.to('bob').breaks!()), ada.call('fine')]
    await world.settle(Promise.all(all))
    const reading = ada.call('feed')[Symbol.asyncIterator]()
    await world.settle(reading.next())
    expect((await world.settle(rejectionOf(reading.next()))).code).toBe('REMOTE_ERROR')
    expect(told.toSorted()).toEqual([
      "HANDLER_FAILED the function 'breaks' failed: TypeError: broken",
      "HANDLER_FAILED the handler of the service 'fails' failed: RangeError: too far",
      "HANDLER_FAILED the handler of the service 'feed' failed: Error: no second",
    ])
  })

  it('ALN-11 a reply goes to who asked for it, a request to the service, the rest to a context; else the origin hears why', async () => {
    const [ada, bob] = (await members(76, 'ada', 'bob')) as [Mesh, Mesh]
    const heard: string[] = []
    const took = (where: string) => (): void => void heard.push(where)
    bob.router.registerService('one', took('service'))
    const open = bob.router.registerContext(took('context'))
    const pending = bob.router.registerContext(took('pending'), { from: ada.address })
    const say = (packet: { service?: string; contextID?: number }): unknown =>
      ada.router.send({ destAddr: bob.address, data: 'x', ...packet })
    say({ service: 'one', contextID: open })
    say({ contextID: open })
    say({ contextID: pending })
    // A request that bears the number of somebody's reply is a request all the same.
    say({ service: 'one', contextID: pending })
    const refused = ada.router.registerContext(({ data }) => void heard.push(new TextDecoder().decode(data).split(' ')[0] ?? ''), {
      from: bob.address,
    })
    say({ service: 'nothing', contextID: refused })
    await world.clock.advance(1_000)
    expect(heard.toSorted()).toEqual(['NO_SERVICE', 'context', 'pending', 'service', 'service'])
  })

  it('ALN-08 what a handler gives that cannot be sent is told at home, too, once', async () => {
    const [ada, bob] = (await members(86, 'ada', 'bob')) as [Mesh, Mesh]
    const told: string[] = []
    bob.on('error', (error) => told.push(`${error.code} ${error.message}`))
    bob.services.register('odd', () => ({ not: 'text' }) as unknown as string)
    bob.services.register('large', () => 'x'.repeat(17 * 1_048_576))
    bob.functions.register({ odd: () => () => 1 })
    await world.settle(ada.services.wait('large'))
    const codes = [ada.call('odd'), ada.call('large'), ada.to('bob').odd!()].map(async (called) => (await rejectionOf(called)).code)
    expect(await world.settle(Promise.all(codes))).toEqual(['HANDLER_FAILED', 'TOO_LARGE', 'HANDLER_FAILED'])
    expect(told.toSorted()).toEqual([
      "HANDLER_FAILED 'large' gave what cannot be sent: the answer has 17825792 bytes, 16777216 fit",
      "HANDLER_FAILED 'odd' gave what cannot be sent: the handler returned object, not a string, a Uint8Array or undefined",
      expect.stringContaining("HANDLER_FAILED 'odd' gave what cannot be sent: the result of the function: this cannot be sent"),
    ])
  })

  it('ALN-16 callAll asks everybody, also oneself, and tells whose error is whose', async () => {
    const [ada, bob, eve] = (await members(65, 'ada', 'bob', 'eve')) as [Mesh, Mesh, Mesh]
    ada.services.register('who', () => 'ada')
    bob.services.register('who', async function* () {
      yield 'bob'
      yield 'bob again'
    })
    eve.services.register('who', () => {
      throw new TypeError('I will not say')
    })
    await world.clock.advanceUntil(() => ada.services.list('who').length === 3)
    const got: string[] = []
    const read = async (): Promise<void> => {
      for await (const { from, reply, error } of ada.callAll('who'))
        got.push(`${ada.peer(from)?.name ?? 'me'}: ${reply?.text() ?? error?.code}`)
    }
    await world.settle(read())
    expect(got.toSorted()).toEqual(['bob: bob', 'bob: bob again', 'eve: REMOTE_ERROR', 'me: ada'])
    const first = async (): Promise<void> => {
      for await (const { reply } of ada.callAll('who')) {
        expect(reply?.text()).toBe('ada')
        break
      }
    }
    await world.settle(first())
    await world.clock.advance(1_000)
    expect(ada.health().pending).toBe(0)
    const nobody = async (): Promise<void> => {
      for await (const _ of ada.callAll('nobody')) expect.unreachable()
    }
    expect((await world.settle(rejectionOf(nobody()))).code).toBe('NO_SERVICE')
  })
})

describe('calls that do not come through', () => {
  it('ALN-08 deadline and abort reach the handler, over hops', async () => {
    const [ada, bob] = (await members(66, 'ada', 'bob')) as [Mesh, Mesh]
    const requests: Request[] = []
    bob.services.register('never', (request) => {
      requests.push(request)
      return new Promise<string>(() => {})
    })
    await world.settle(ada.services.wait('never'))
    const controller = new AbortController()
    const aborted = rejectionOf(ada.call('never', '', { signal: controller.signal }))
    await world.clock.advanceUntil(() => requests.length === 1)
    expect(requests[0]?.signal.aborted).toBe(false)
    expect(requests[0]!.deadline! - world.sim.network.node('bob').clock.wallTime()).toBeGreaterThan(9_000)
    controller.abort()
    expect((await aborted).code).toBe('ABORTED')
    await world.clock.advance(500)
    expect(requests[0]?.signal.aborted).toBe(true)
    const late = rejectionOf(ada.call('never', '', { timeoutMs: 2_000 }))
    await world.clock.advance(2_500)
    expect((await late).code).toBe('TIMEOUT')
    expect(requests[1]?.signal).toMatchObject({ aborted: true, reason: { code: 'TIMEOUT' } })
    expect(bob.health().pending).toBe(0)
  })

  it('PN-09 a provider that closes says so to its callers, who wait no longer; an idempotent call goes to another one', async () => {
    const [ada, bob, carl] = (await members(64, 'ada', 'bob', 'carl')) as [Mesh, Mesh, Mesh]
    bob.services.register('slow', () => new Promise<string>(() => {}))
    await world.settle(ada.services.wait('slow'))
    const once = rejectionOf(ada.call('slow', 'once'))
    const again = ada.with({ idempotent: true }).call('slow', 'again')
    await world.clock.advance(1_000)
    carl.services.register('slow', () => 'by carl')
    await world.clock.advance(1_000)
    const closed = bob.close()
    const since = world.clock.now()
    expect(await world.settle(once)).toMatchObject({ code: 'OUTCOME_UNKNOWN', message: expect.stringContaining('left') })
    expect((await world.settle(again)).text()).toBe('by carl')
    expect(world.clock.now() - since).toBeLessThan(500)
    await world.settle(closed)
  })

  it('a closed mesh keeps no timer, whatever was under way', async () => {
    world = new MeshWorld(77)
    const relay = world.relay()
    const [ada, bob] = [world.member('ada'), world.member('bob')]
    await world.acquainted(ada, bob)
    bob.services.register('feed', async function* () {
      for (;;) yield 'x'
    })
    bob.services.register('never', () => new Promise<string>(() => {}))
    await world.settle(ada.services.wait('never'))
    const reading = ada.call('feed')[Symbol.asyncIterator]()
    await world.settle(reading.next())
    const lost = [rejectionOf(ada.call('never', '', { timeoutMs: Infinity, idempotent: true })), rejectionOf(ada.call('never'))]
    await world.clock.advance(500)
    // The cancel is on its way when everything is closed.
    await reading.return?.()
    await world.clock.advance(1)
    await Promise.all([world.settle(ada.close()), world.settle(bob.close())])
    world.meshes.length = 0
    expect((await Promise.all(lost)).map(({ code }) => code).toSorted()[0]).toMatch(/CLOSED|OUTCOME_UNKNOWN/)
    await world.settle(relay.close())
    await world.clock.advance(500)
    expect(world.clock.waiting).toBe(0)
  })

  it('ALN-08 a caller that dies ends what it had asked for', async () => {
    const [ada, bob] = (await members(67, 'ada', 'bob')) as [Mesh, Mesh]
    let signal: AbortSignal | undefined
    bob.services.register('feed', async function* (request) {
      signal = request.signal
      for (;;) yield 'x'
    })
    await world.settle(ada.services.wait('feed'))
    const reading = ada.call('feed', '', { timeoutMs: Infinity })[Symbol.asyncIterator]()
    await world.settle(reading.next())
    await kill(ada)
    await world.clock.advanceUntil(() => signal?.aborted === true, 120_000)
  })

  it('PN-09 an answer that is ready while there is no path to the caller waits for one', async () => {
    const [ada, bob] = (await members(75, 'ada', 'bob')) as [Mesh, Mesh]
    const later = (text: string): Promise<string> => new Promise((resolve) => void world.clock.setTimer(4_000, () => resolve(text)))
    let executed = 0
    const slow = (): Promise<string> => {
      executed += 1
      return later('done')
    }
    bob.services.register('slow', slow)
    bob.functions.register({ slow })
    bob.services.register('feed', async function* () {
      for (const text of ['1', '2', '3']) yield later(text)
    })
    await world.settle(ada.services.wait('feed'))
    const heard: string[] = []
    const read = async (): Promise<void> => {
      for await (const reply of ada.call('feed')) heard.push(reply.text())
    }
    const called = [ada.call('slow').then((reply) => reply.text()), ada.with({ timeoutMs: 30_000 }).to('bob').slow!(), read()]
    await world.clock.advance(3_900)
    world.sim.network.cut('bob', 'relay')
    await world.clock.advance(1_100)
    world.sim.network.heal('bob', 'relay')
    expect(await world.settle(Promise.all(called), 20_000)).toEqual(['done', 'done', undefined])
    expect([heard, executed]).toEqual([['1', '2', '3'], 2])
  })

  it('PN-09 a provider that leaves or dies: OUTCOME_UNKNOWN, never a wait without end', async () => {
    const [ada, bob, eve] = (await members(68, 'ada', 'bob', 'eve')) as [Mesh, Mesh, Mesh]
    const calls: string[] = []
    for (const mesh of [bob, eve]) {
      mesh.services.register(`slow of ${mesh.name}`, () => {
        calls.push(mesh.name)
        return new Promise<string>(() => {})
      })
    }
    await world.settle(ada.services.wait('slow of eve'))
    const left = rejectionOf(ada.call('slow of bob', '', { timeoutMs: Infinity }))
    const died = rejectionOf(ada.call('slow of eve', '', { timeoutMs: Infinity }))
    await world.clock.advanceUntil(() => calls.length === 2)
    world.meshes.splice(world.meshes.indexOf(bob), 1)
    await world.settle(bob.close())
    expect((await world.settle(left)).code).toBe('OUTCOME_UNKNOWN')
    await kill(eve)
    expect((await world.settle(died)).code).toBe('OUTCOME_UNKNOWN')
  })

  it('PN-09 with idempotent another provider is asked, and without it nobody', async () => {
    const [ada, bob, eve] = (await members(69, 'ada', 'bob', 'eve')) as [Mesh, Mesh, Mesh]
    let asked = 0
    bob.services.register('work', () => {
      asked += 1
      return new Promise<string>(() => {})
    })
    eve.services.register('work', () => 'eve', { load: 0.9 })
    await world.clock.advanceUntil(() => ada.services.list('work').length === 2)
    const once = rejectionOf(ada.call('work', '', { timeoutMs: 3_000 }))
    expect((await world.settle(once)).code).toBe('TIMEOUT')
    // Bob is asked first, as he is idle: on purpose.
    const bobFirst = (rows: readonly ServiceListing[]): ServiceListing | undefined =>
      rows.find(({ address }) => address === bob.address) ?? rows[0]
    expect((await world.settle(ada.call('work', '', { idempotent: true, select: bobFirst }))).text()).toBe('eve')
    expect(asked).toBe(2)
    const unknown = rejectionOf(ada.call('work', '', { select: bobFirst, timeoutMs: 60_000 }))
    const known = ada.call('work', '', { idempotent: true, select: bobFirst, timeoutMs: 60_000 })
    await world.clock.advanceUntil(() => asked === 4)
    await kill(bob)
    expect((await world.settle(known)).text()).toBe('eve')
    expect((await world.settle(unknown)).code).toBe('OUTCOME_UNKNOWN')
  })

  it('PN-09 one that says that it cannot is passed over: nothing was executed there', async () => {
    const [ada, bob, eve] = (await members(70, 'ada', 'bob', 'eve')) as [Mesh, Mesh, Mesh]
    const atBob = bob.services.register('work', () => 'bob')
    eve.services.register('work', () => 'eve', { load: 0.9 })
    await world.clock.advanceUntil(() => ada.services.list('work').length === 2)
    atBob.close()
    expect((await world.settle(ada.call('work'))).text()).toBe('eve')
  })

  it('PN-09 a request with a key is executed once, and answered again for five minutes', async () => {
    const [ada, bob] = (await members(71, 'ada', 'bob')) as [Mesh, Mesh]
    let executed = 0
    bob.services.register('order', async (request) => {
      executed += 1
      await new Promise<void>((resolve) => void world.sim.network.node('bob').clock.setTimer(1_000, resolve))
      return `${request.text()} ${executed}`
    })
    await world.settle(ada.services.wait('order'))
    const call = (key: string): Promise<string> => world.settle(ada.call('order', 'tea', { idempotent: key })).then((reply) => reply.text())
    expect(await Promise.all([call('one'), call('one')])).toEqual(['tea 1', 'tea 1'])
    expect(await call('one')).toBe('tea 1')
    expect(await call('two')).toBe('tea 2')
    await world.clock.advance(301_000)
    expect(await call('one')).toBe('tea 3')
    expect((await rejectionOf(ada.call('order', '', { idempotent: 'x'.repeat(300) }))).code).toBe('INVALID_OPTION')
  })
})

describe('who is asked', () => {
  it('ALN-17 sticky stays, random-two spreads by load, a function decides', async () => {
    const [ada, ...others] = (await members(72, 'ada', 'bob', 'eve', 'joe')) as [Mesh, ...Mesh[]]
    const registered = others.map((mesh, index) => mesh.services.register('who', () => mesh.name, { load: [0, 0.5, 1][index] }))
    await world.clock.advanceUntil(() => ada.services.list('who').length === 3)
    const who = (select: 'sticky' | 'random-two'): Promise<string> =>
      world.settle(ada.call('who', '', { select })).then((reply) => reply.text())
    expect(await who('sticky')).toBe('bob')
    registered[0]!.load = 1
    registered[2]!.load = 0
    await world.clock.advance(5_000)
    expect((await world.settle(ada.call('who'))).text()).toBe('joe')
    registered[2]!.load = 0.9
    await world.clock.advance(5_000)
    expect(await who('sticky')).toBe('joe')
    registered[2]!.close()
    await world.clock.advance(5_000)
    expect(await who('sticky')).toBe('eve')
    const drawn = new Map<string, number>()
    registered[0]!.load = 0.2
    const again = others[2]!.services.register('who', () => 'joe', { load: 0.6 })
    await world.clock.advance(5_000)
    for (let at = 0; at < 60; at += 1) {
      const name = await who('random-two')
      drawn.set(name, (drawn.get(name) ?? 0) + 1)
    }
    // bob 0.2, eve 0.5, joe 0.6: of any two bob is never passed over, and joe never chosen.
    expect(drawn.get('joe')).toBeUndefined()
    expect(drawn.get('bob')).toBeGreaterThan(25)
    expect(drawn.get('eve')).toBeGreaterThan(8)
    again.close()
    const notListed = { select: () => ({ address: 'x' }) as unknown as ServiceListing }
    expect((await rejectionOf(ada.call('who', '', notListed))).code).toBe('INVALID_OPTION')
    const throws = {
      select: () => {
        throw new Error('mine')
      },
    }
    expect(await rejectionOf(ada.call('who', '', throws))).toMatchObject({ code: 'HANDLER_FAILED', cause: { message: 'mine' } })
    expect((await rejectionOf(ada.call('who', '', { select: 'best' as 'sticky' }))).code).toBe('INVALID_OPTION')
  })

  it('a service of the router of another member answers in its own way', async () => {
    const [ada, bob] = (await members(73, 'ada', 'bob')) as [Mesh, Mesh]
    bob.router.registerService('raw', ({ srcAddr, contextID, data }) => {
      bob.router.send({ destAddr: srcAddr, contextID, data: `raw ${new TextDecoder().decode(data)}` })
    })
    await world.settle(ada.services.wait('raw'))
    expect((await world.settle(ada.call('raw', 'x'))).text()).toBe('raw x')
    expect(ada.health().pending).toBe(0)
  })

  it('before it is ready a call waits for the identity', async () => {
    world = new MeshWorld(74)
    world.relay()
    const ada = world.member('ada')
    ada.services.register('ping', () => 'pong')
    const called = ada.call('ping')
    const all = ada.callAll('ping')
    expect((await world.settle(called)).text()).toBe('pong')
    const got: unknown[] = []
    const read = async (): Promise<void> => {
      for await (const { reply } of all) got.push(reply?.text())
    }
    await world.settle(read())
    expect(got).toEqual(['pong'])
  })
})
