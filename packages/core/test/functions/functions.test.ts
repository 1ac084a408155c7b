import { afterEach, describe, expect, expectTypeOf, it } from 'vitest'
import type { FunctionContext } from '../../src/mesh/caller-context.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import type { Outcomes } from '../../src/membership/targets.ts'
import { meshErrorOf, rejectionOf } from '../mesh/mesh-error-of.ts'
import { MeshWorld, type MemberOptions } from '../mesh/mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

async function members(seed: number, names: string[], options: Record<string, MemberOptions> = {}): Promise<Mesh[]> {
  world = new MeshWorld(seed)
  world.relay()
  const meshes = names.map((name) => world.member(name, options[name]))
  await world.acquainted(...meshes)
  return meshes
}

interface Api {
  add(a: number, b: number): number
  greet(name: string): Promise<string>
  nothing(): void
}

function answering(mesh: Mesh): void {
  mesh.functions.register<Api>({
    add: (_, a, b) => a + b,
    greet: async ({ mesh: here }, name) => `${here.name} greets ${name}`,
    nothing: () => {},
  })
}

describe('functions', () => {
  it('PN-15 PN-16 a function of another member is called as if it were here', async () => {
    const [ada, bob] = (await members(80, ['ada', 'bob'])) as [Mesh, Mesh]
    answering(bob)
    const remote = ada.to<Api>('bob')
    expect(await world.settle(remote.add(1, 2))).toBe(3)
    expect(await world.settle(remote.greet('Ada'))).toBe('bob greets Ada')
    expect(await world.settle(remote.nothing())).toBeUndefined()
    expect(await world.settle(ada.to<Api>(bob.address).add(2, 2))).toBe(4)
    expect(await world.settle(bob.to<Api>(bob.address).add(3, 2))).toBe(5)
    expect(bob.functions.list()).toEqual(['add', 'greet', 'nothing'])
  })

  it('PN-12 the context says who calls, proven, until when, and when nobody waits any more', async () => {
    const [ada, bob] = (await members(81, ['ada', 'bob'])) as [Mesh, Mesh]
    const contexts: FunctionContext[] = []
    bob.functions.register({
      who: (ctx) => {
        contexts.push(ctx)
        return ctx.caller
      },
      never: (ctx) => {
        contexts.push(ctx)
        return new Promise(() => {})
      },
    })
    expect(await world.settle(ada.to('bob').who!())).toBe(ada.address)
    expect(contexts[0]).toMatchObject({ mesh: bob, caller: ada.address, verified: true })
    const late = rejectionOf(ada.with({ timeoutMs: 1_000 }).to('bob').never!())
    expect((await world.settle(late)).code).toBe('TIMEOUT')
    await world.clock.advance(500)
    expect(contexts[1]?.signal.aborted).toBe(true)
  })

  it('PY-29 PN-15 arguments and results of every kind arrive as they were', async () => {
    const [ada, bob] = (await members(82, ['ada', 'bob'])) as [Mesh, Mesh]
    const heard: unknown[] = []
    bob.functions.register({
      echo: (_, ...args: unknown[]) => {
        heard.push(args)
        return args
      },
    })
    const args = [
      undefined,
      new Map([[1n, new Set([new Date(7)])]]),
      { bytes: new Uint8Array(100_000).fill(3), deep: [{ f: new Float32Array([1.5]) }] },
      undefined,
    ]
    expect(await world.settle(ada.to('bob').echo!(...args))).toEqual(args)
    expect(heard).toEqual([args])
  })

  it('PN-13 PN-19 of a list and of everybody each settles on its own, under the name it was given', async () => {
    const [ada, bob, eve, twin] = (await members(83, ['ada', 'bob', 'eve', 'twin'], { twin: { name: 'eve' } })) as [Mesh, Mesh, Mesh, Mesh]
    answering(bob)
    answering(twin)
    eve.functions.register({
      add: () => {
        throw Object.assign(new TypeError('not today'), { code: 'TIRED' })
      },
    }) // oxlint-disable-line
    const some = await world.settle(ada.with({ timeoutMs: 3_000 }).to<Api>(['bob', 'nobody', 'eve', eve.address, 'bob']).add(1, 2))
    expect([...some.keys()]).toEqual(['bob', 'nobody', 'eve', eve.address])
    expect(some.get('bob')).toEqual({ status: 'fulfilled', value: 3 })
    expect(some.get('nobody')).toMatchObject({ status: 'rejected', reason: { code: 'UNKNOWN_NAME' } })
    expect(some.get('eve')).toMatchObject({ status: 'rejected', reason: { code: 'AMBIGUOUS_NAME' } })
    expect(some.get(eve.address)).toMatchObject({
      status: 'rejected',
      reason: { code: 'REMOTE_ERROR', cause: { name: 'TypeError', code: 'TIRED', message: 'not today' } },
    })
    const all = await world.settle(ada.to<Api>('*').add(2, 3))
    expect(new Set(all.keys())).toEqual(new Set([bob.address, eve.address, twin.address]))
    expect(all.get(twin.address)).toEqual({ status: 'fulfilled', value: 5 })
    expect((await world.settle(rejectionOf(ada.to<Api>('eve').add(1, 2)))).code).toBe('AMBIGUOUS_NAME')
    expect((await world.settle(rejectionOf(ada.to('relay').add!(1)))).code).toMatch(/NOT_A_MEMBER|UNKNOWN_NAME/)
  })

  it('PN-18 functions and services can be given at construction, before it is ready', async () => {
    const given = { functions: { double: (_: FunctionContext, x: number) => 2 * x }, services: { ping: () => 'pong' } }
    const [ada] = (await members(84, ['ada', 'bob'], { bob: given })) as [Mesh]
    expect(await world.settle(ada.to('bob').double!(21))).toBe(42)
    await world.settle(ada.services.wait('ping'))
    expect((await world.settle(ada.call('ping'))).text()).toBe('pong')
  })

  it('PN-11 the functions of one are no functions of another; a name can be given back', async () => {
    const [ada, bob] = (await members(85, ['ada', 'bob'])) as [Mesh, Mesh]
    const registration = bob.functions.register({ only: () => 'bob' })
    bob.services.register('only', () => 'a service')
    expect(await world.settle(ada.to('bob').only!())).toBe('bob')
    expect((await world.settle(rejectionOf(bob.to('ada').only!()))).code).toBe('NO_FUNCTION')
    registration.close()
    registration[Symbol.dispose]()
    expect((await world.settle(rejectionOf(ada.to('bob').only!()))).code).toBe('NO_FUNCTION')
    bob.functions.register({ only: () => 'again' })
    expect(await world.settle(ada.to('bob').only!())).toBe('again')
  })

  it('what JavaScript itself asks objects for is neither called nor registered', async () => {
    const [ada, bob] = (await members(86, ['ada', 'bob'])) as [Mesh, Mesh]
    const remote = ada.to('bob') as unknown as Record<PropertyKey, unknown>
    for (const name of [
      'then',
      'toJSON',
      'constructor',
      '__proto__',
      'hasOwnProperty',
      'toString',
      'valueOf',
      Symbol.iterator,
      Symbol.toPrimitive,
    ]) {
      expect(remote[name]).toBeUndefined()
    }
    expect(await remote).toBe(remote)
    expect(JSON.stringify({ remote })).toBe('{"remote":{}}')
    expect(() => {
      remote['x'] = 1
    }).toThrow(TypeError) // oxlint-disable-line
    expect(ada.health().pending).toBe(0)
    for (const name of ['then', 'constructor', 'toJSON', 'hasOwnProperty']) {
      expect(meshErrorOf(() => bob.functions.register({ [name]: () => 1 })).code).toBe('INVALID_OPTION')
    }
  })

  it('bad names and values are refused', async () => {
    const [ada, bob] = (await members(87, ['ada', 'bob'])) as [Mesh, Mesh]
    bob.functions.register({ x: () => 1 })
    const long = 'ä'.repeat(200)
    const wrong = [{ x: () => 2 }, { y: 7 }, { '': () => 1 }, { [long]: () => 1 }, null]
    for (const one of wrong) expect(meshErrorOf(() => bob.functions.register(one as never)).code).toBe('INVALID_OPTION')
    expect(
      meshErrorOf(() => bob.functions.register(Object.fromEntries(Array.from({ length: 1_024 }, (_, at) => [`f${at}`, () => at])))).code,
    ).toBe('QUEUE_FULL')
    expect((await world.settle(rejectionOf(ada.to('bob').x!(() => 1)))).code).toBe('INVALID_OPTION')
    expect((await world.settle(rejectionOf(ada.to(['bob']).x!(Symbol('x'))))).code).toBe('INVALID_OPTION')
    expect((await world.settle(rejectionOf(ada.to('').x!()))).code).toBe('INVALID_OPTION')
    expect((await world.settle(rejectionOf(ada.to({} as never as string).x!()))).code).toBe('INVALID_OPTION')
  })
})

describe('what goes wrong settles with a code, and nobody else waits', () => {
  it('ALN-08 PN-19 throws, never returns, gives what cannot be sent, blocks, is far too large', async () => {
    const [ada, bob, eve] = (await members(88, ['ada', 'bob', 'eve'])) as [Mesh, Mesh, Mesh]
    for (const mesh of [bob, eve]) {
      mesh.functions.register({
        fine: () => 'fine',
        throws: () => {
          throw Object.assign(new RangeError('too far'), { code: 'FAR' })
        }, // oxlint-disable-line
        throwsNothing: () => {
          throw undefined
        }, // oxlint-disable-line
        never: () => new Promise(() => {}),
        odd: () => () => 1,
        oddInside: () => ({ list: [Symbol('x')] }),
        circle: () => {
          const a: unknown[] = []
          a.push(a)
          return a
        }, // oxlint-disable-line
        stream: async function* () {
          yield 1
        }, // oxlint-disable-line
        blocks: () => {
          const until = performance.now() + 300
          while (performance.now() < until);
          return 'done'
        }, // oxlint-disable-line
        huge: () => new Uint8Array(17 * 1_048_576),
      })
    }
    const remote = ada.to('bob')
    const code = async (called: Promise<unknown>): Promise<string> => (await world.settle(rejectionOf(called))).code
    const before = world.clock.now()
    const never = rejectionOf(remote.never!())
    const blocks = remote.blocks!()
    expect(await world.settle(ada.to('eve').fine!())).toBe('fine')
    expect(await world.settle(rejectionOf(remote.throws!()))).toMatchObject({
      code: 'REMOTE_ERROR',
      cause: { name: 'RangeError', code: 'FAR', message: 'too far' },
    })
    expect(await code(remote.throwsNothing!())).toBe('REMOTE_ERROR')
    expect(await code(remote.odd!())).toBe('HANDLER_FAILED')
    expect((await world.settle(rejectionOf(remote.oddInside!()))).message).toContain('list[0]')
    expect(await code(remote.circle!())).toBe('HANDLER_FAILED')
    expect(await code(remote.stream!())).toBe('HANDLER_FAILED')
    expect(await code(remote.huge!())).toBe('TOO_LARGE')
    expect(await code(remote.fine!(new Uint8Array(17 * 1_048_576)))).toBe('TOO_LARGE')
    expect(await code(remote['<b>&'.repeat(2_500)]!())).toBe('INVALID_OPTION')
    expect(await code(remote['<b>']!())).toBe('NO_FUNCTION')
    expect(await world.settle(blocks)).toBe('done')
    expect(world.clock.now() - before).toBeLessThan(5_000)
    expect((await world.settle(never)).code).toBe('TIMEOUT')
    expect(ada.health().pending + bob.health().pending).toBe(0)
  })

  it('PN-19 throws what cannot be looked at: the caller hears of it, and the app there, too', async () => {
    const [ada, bob] = (await members(90, ['ada', 'bob'])) as [Mesh, Mesh]
    const errors: string[] = []
    bob.on('error', ({ code }) => errors.push(code))
    const revoked = Proxy.revocable({}, {})
    revoked.revoke()
    const odd = [
      revoked.proxy,
      {
        get message() {
          throw new Error('mine')
        },
      },
      Object.assign(new Error('x'), { name: Symbol('name') }),
    ]
    for (const thrown of odd) {
      const fail = (): never => {
        throw thrown
      } // oxlint-disable-line
      const functions = bob.functions.register({ fail, later: async () => fail() })
      const service = bob.services.register('fail', fail)
      await world.settle(ada.services.wait('fail'))
      const options = { timeoutMs: 5_000 }
      const called = [ada.with(options).to('bob').fail!(), ada.with(options).to('bob').later!(), ada.call('fail', '', options)]
      for (const one of called) expect((await world.settle(rejectionOf(Promise.resolve(one)))).code).toBe('REMOTE_ERROR')
      functions.close()
      service.close()
      await world.clock.advance(1_000)
    }
    expect(errors).toEqual(Array.from({ length: 9 }, () => 'HANDLER_FAILED'))
  })

  it('PN-09 a name of 10 000 characters with markup is a name that nobody has, everywhere', async () => {
    const [ada] = (await members(89, ['ada', 'bob'])) as [Mesh]
    const name = '<img src=x onerror=alert(1)>\u0000\n'.repeat(330)
    const options = { timeoutMs: 500 }
    const errors = [
      await world.settle(rejectionOf(ada.call(name, '', options))),
      await world.settle(rejectionOf(ada.with(options).to(name).add!(1))),
      await world.settle(rejectionOf(ada.services.wait(name, options))),
    ]
    expect(errors.map(({ code }) => code)).toEqual(['NO_SERVICE', 'UNKNOWN_NAME', 'TIMEOUT'])
    expect(errors[0]?.message.length).toBeLessThan(200)
    expect(meshErrorOf(() => ada.services.register(name, () => '')).code).toBe('INVALID_OPTION')
    expect(meshErrorOf(() => ada.functions.register({ [name]: () => 1 })).code).toBe('INVALID_OPTION')
  })
})

describe('types', () => {
  it('the context is put in front, results come as promises, of several as a Map', () => {
    type To = typeof Mesh.prototype.to
    expectTypeOf<ReturnType<typeof ofOne>['add']>().toEqualTypeOf<(a: number, b: number) => Promise<number>>()
    expectTypeOf<ReturnType<typeof ofOne>['greet']>().toEqualTypeOf<(name: string) => Promise<string>>()
    expectTypeOf<ReturnType<typeof several>['add']>().toEqualTypeOf<(a: number, b: number) => Promise<Outcomes<number>>>()
    expectTypeOf<ReturnType<typeof everybody>['greet']>().toEqualTypeOf<(name: string) => Promise<Outcomes<string>>>()
    expectTypeOf<To>().toBeFunction()
    // @ts-expect-error a text is no number
    const wrongArgument = (mesh: Mesh): unknown => mesh.to<Api>('ada').add('1', 2)
    // @ts-expect-error there is no such function
    const wrongName = (mesh: Mesh): unknown => mesh.to<Api>('ada').subtract(1, 2)
    const wrongHandler = (mesh: Mesh): unknown =>
      // @ts-expect-error the result is a number, and two are missing
      mesh.functions.register<Api>({ add: (_, a, b) => `${a}${b}` })
    const inContext = (mesh: Mesh): unknown =>
      mesh.functions.register<Api>({
        add: (ctx, a, b) => {
          expectTypeOf(ctx).toEqualTypeOf<FunctionContext>()
          expectTypeOf(a).toBeNumber()
          return a + b
        },
        greet: (ctx, name) => `${ctx.caller} ${name}`,
        nothing: async () => {},
      })
    expect([wrongArgument, wrongName, wrongHandler, inContext]).toHaveLength(4)
  })
})

function ofOne(mesh: Mesh) {
  return mesh.to<Api>('ada')
}
function several(mesh: Mesh) {
  return mesh.to<Api>(['ada', 'bob'] as const)
}
function everybody(mesh: Mesh) {
  return mesh.to<Api>('*')
}
