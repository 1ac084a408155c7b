import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Mesh } from '../../src/mesh/mesh.ts'
import type { RemoteError } from '../../src/calls/remote-error.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'
import { rejectionOf } from '../mesh/mesh-error-of.ts'
import { allOf, bytesOf, isSame, noise, seekable, textOf } from './stream-samples.ts'

let world: MeshWorld
let ada: Mesh
let bob: Mesh

beforeEach(async () => {
  world = new MeshWorld(1)
  world.relay()
  ada = world.member('ada')
  bob = world.member('bob')
  await world.acquainted(ada, bob)
})
afterEach(() => world.close())

const upper = (chunk: Uint8Array): Uint8Array<ArrayBuffer> => bytesOf(textOf(chunk).toUpperCase())

describe('a stream to a member', () => {
  it('PN-12 goes through the handler there and comes back', async () => {
    const callers: unknown[] = []
    bob.streams.register('upper', (ctx, readable) => {
      callers.push([ctx.mesh, ctx.caller, ctx.verified, ctx.file, ctx.offset])
      return readable.pipeThrough(new TransformStream({ transform: (chunk, controller) => controller.enqueue(upper(chunk)) }))
    })
    const source = new ReadableStream<string>({
      start(controller) {
        controller.enqueue('first, ')
        controller.enqueue('second')
        controller.close()
      },
    })
    const answer = await world.settle(ada.stream('bob', 'upper', source))
    expect(textOf(await world.settle(allOf(answer)))).toBe('FIRST, SECOND')
    expect(callers).toEqual([[bob, ada.address, true, undefined, 0]])
  })

  it.each([
    ['bytes', noise(200_000), noise(200_000)],
    ['an ArrayBuffer', noise(300).buffer, noise(300)],
    ['text', 'grüße', bytesOf('grüße')],
    ['something like a Blob', seekable(noise(700_000)), noise(700_000)],
    ['nothing at all', '', new Uint8Array()],
    ['an array of bytes and text', [noise(70_000), 'end'], Uint8Array.from([...noise(70_000), ...bytesOf('end')])],
    [
      'an async iterable',
      (async function* () {
        yield 'a'
        yield noise(10)
        yield ''
      })(),
      Uint8Array.from([97, ...noise(10)]),
    ],
  ] as const)('PN-14 takes %s', async (_, source, expected) => {
    const got: Uint8Array[] = []
    bob.streams.register('keep', async (_ctx, readable) => void got.push(await allOf(readable)))
    const answer = await world.settle(ada.stream('bob', 'keep', source))
    expect(await world.settle(allOf(answer))).toEqual(new Uint8Array())
    expect(got.map((bytes) => isSame(bytes, expected))).toEqual([true])
  })

  it('PN-14 says what the file is, and how far it has come', async () => {
    let file: unknown
    bob.streams.register('keep', async (ctx, readable) => {
      file = ctx.file
      await allOf(readable)
    })
    const progress: unknown[] = []
    const source = { ...seekable(noise(3_000_000)), name: 'hill.jpg', type: 'image/jpeg', lastModified: 7 }
    const answer = await world.settle(ada.stream('bob', 'keep', source, { onProgress: (step) => progress.push(step) }))
    await world.settle(allOf(answer))
    expect(file).toEqual({ id: '3000000 7 hill.jpg', name: 'hill.jpg', type: 'image/jpeg', size: 3_000_000 })
    expect(progress.length).toBeGreaterThan(1)
    expect(progress.at(-1)).toEqual({ target: 'bob', address: bob.address, sent: 3_000_000, total: 3_000_000 })
  })

  it('PN-14 tells of an empty file, too, when it is there', async () => {
    bob.streams.register('keep', async (_ctx, readable) => void (await allOf(readable)))
    const progress: unknown[] = []
    const answer = await world.settle(
      ada.stream('bob', 'keep', noise(0), { onProgress: ({ sent, total }) => progress.push([sent, total]) }),
    )
    await world.settle(allOf(answer))
    await world.clock.advance(1_000)
    expect(progress).toEqual([[0, 0]])
  })

  it('answers with what the handler has, without a word from the caller', async () => {
    bob.streams.register('feed', async function* feed() {
      yield 'one '
      yield 'two'
    } as never)
    expect(textOf(await world.settle(ada.stream('bob', 'feed', '').then(allOf)))).toBe('one two')
  })
})

describe('what goes wrong has a code', () => {
  it('PN-19 a stream that nobody has registered there', async () => {
    expect(await rejectionOf(world.settle(ada.stream('bob', 'nothing', 'x')))).toMatchObject({ code: 'NO_HANDLER' })
  })

  it.each([
    [
      'before it reads',
      (): never => {
        throw Object.assign(new RangeError('too hot'), { code: 'HOT' })
      },
    ],
    [
      'later',
      async (): Promise<never> => {
        await Promise.resolve()
        throw Object.assign(new RangeError('too hot'), { code: 'HOT' })
      },
    ],
    [
      'in its answer',
      (): AsyncIterable<string> =>
        (async function* () {
          yield 'a'
          throw Object.assign(new RangeError('too hot'), { code: 'HOT' })
        })(),
    ],
  ])('PN-19 a handler that throws %s is a remote error with name, code and message', async (_, handler) => {
    bob.streams.register('broken', handler)
    const answer = await world.settle(ada.stream('bob', 'broken', noise(6_000_000)))
    const error = await rejectionOf(world.settle(allOf(answer)))
    expect(error.code).toBe('REMOTE_ERROR')
    const { name, code, message } = error.cause as RemoteError
    expect({ name, code, message }).toEqual({ name: 'RangeError', code: 'HOT', message: 'too hot' })
  })

  it('an answer that is nothing to stream', async () => {
    bob.streams.register('number', (() => 42) as never)
    const answer = await world.settle(ada.stream('bob', 'number', 'x'))
    expect(await rejectionOf(world.settle(allOf(answer)))).toMatchObject({ code: 'REMOTE_ERROR', cause: { code: 'INVALID_OPTION' } })
  })

  it('a source that fails is told to both sides', async () => {
    let seen: unknown
    bob.streams.register('keep', (_ctx, readable) =>
      allOf(readable).then(
        () => {},
        (error: unknown) => void (seen = error),
      ),
    )
    const answer = await world.settle(
      ada.stream(
        'bob',
        'keep',
        (async function* () {
          yield 'a'
          throw new TypeError('disk')
        })(),
      ),
    )
    expect(await rejectionOf(world.settle(allOf(answer)))).toMatchObject({ code: 'HANDLER_FAILED', cause: { message: 'disk' } })
    await world.clock.advance(1_000)
    expect(seen).toMatchObject({ code: 'REMOTE_ERROR', cause: { name: 'TypeError', message: 'disk' } })
  })

  it('a handler that fails is told at home, too; not when it was the caller who gave up', async () => {
    const errors: string[] = []
    bob.on('error', ({ code, message }) => errors.push(`${code} ${message}`))
    bob.streams.register('broken', () => Promise.reject(new RangeError('too hot')))
    bob.streams.register('keep', async (_ctx, readable) => void (await allOf(readable)))
    await rejectionOf(world.settle(ada.stream('bob', 'broken', 'x').then(allOf)))
    const abort = new AbortController()
    const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(noise(1_000)) })
    await world.settle(ada.stream('bob', 'keep', endless, { signal: abort.signal }))
    abort.abort()
    await world.clock.advance(1_000)
    expect(errors).toEqual(["HANDLER_FAILED the handler of the stream 'broken' failed: RangeError: too hot"])
  })

  it('a source that cannot be begun is refused', async () => {
    bob.streams.register('keep', async (_ctx, readable) => void (await allOf(readable)))
    const locked = new ReadableStream<Uint8Array>()
    locked.getReader()
    const failing: AsyncIterable<string> = {
      [Symbol.asyncIterator]() {
        throw new TypeError('mine')
      },
    }
    for (const source of [locked, failing])
      expect(await rejectionOf(world.settle(ada.stream('bob', 'keep', source)))).toMatchObject({
        code: 'INVALID_OPTION',
        cause: expect.any(TypeError),
      })
  })

  it('aborting stops the handler, whose signal is aborted and whose stream breaks off', async () => {
    const seen: unknown[] = []
    bob.streams.register('keep', async (ctx, readable) => {
      ctx.signal.addEventListener('abort', () => seen.push('aborted'))
      await allOf(readable).catch((error: unknown) => seen.push(error))
    })
    const abort = new AbortController()
    let cancelled: unknown
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(noise(1_000)),
      cancel: (reason) => void (cancelled = reason),
    })
    const answer = await world.settle(ada.stream('bob', 'keep', endless, { signal: abort.signal }))
    await world.clock.advance(1_000)
    abort.abort(new Error('enough'))
    expect(await rejectionOf(world.settle(allOf(answer)))).toMatchObject({ code: 'ABORTED' })
    await world.clock.advance(1_000)
    expect(seen).toEqual(['aborted', expect.objectContaining({ code: 'STREAM_RESET' })])
    expect(cancelled).toMatchObject({ code: 'ABORTED' })
  })

  it('an aborted signal begins nothing; a wrong option, name or source is refused at once', async () => {
    const aborted = new AbortController()
    aborted.abort()
    expect(await rejectionOf(world.settle(ada.stream('bob', 'x', 'x', { signal: aborted.signal })))).toMatchObject({ code: 'ABORTED' })
    for (const wrong of [{ sgnal: 1 }, { onProgress: 1 }, { resumeMs: -1 }, { id: '' }, { timeoutMs: 0 }]) {
      expect(await rejectionOf(world.settle(ada.stream('bob', 'x', 'x', wrong as never)))).toMatchObject({ code: 'INVALID_OPTION' })
    }
    expect(await rejectionOf(world.settle(ada.stream('bob', '$x', 'x')))).toMatchObject({ code: 'INVALID_OPTION' })
    expect(await rejectionOf(world.settle(ada.stream('bob', 'x', 42 as never)))).toMatchObject({ code: 'INVALID_OPTION' })
    expect(await rejectionOf(world.settle(ada.stream(ada.address, 'x', '')))).toMatchObject({ code: 'INVALID_OPTION' })
    expect(() => bob.streams.register('<b>'.repeat(4_000), () => {})).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }))
  })

  it('closing ends what is open, on both sides, with codes', async () => {
    const seen: unknown[] = []
    bob.streams.register('keep', (_ctx, readable) =>
      allOf(readable).then(
        () => {},
        (error: unknown) => void seen.push(error),
      ),
    )
    const endless = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(noise(1_000)) })
    const answer = await world.settle(ada.stream('bob', 'keep', endless))
    await world.settle(ada.close())
    expect(await rejectionOf(world.settle(allOf(answer)))).toMatchObject({ code: 'CLOSED' })
    await world.clock.advance(1_000)
    expect(seen).toEqual([expect.objectContaining({ code: 'STREAM_RESET' })])
  })

  it('closing tells the handlers that are at work', async () => {
    let reason: unknown
    bob.streams.register('wait', (ctx) => {
      ctx.signal.addEventListener('abort', () => (reason = ctx.signal.reason))
      return new Promise<void>(() => {})
    })
    await world.settle(ada.stream('bob', 'wait', 'x'))
    await world.clock.advance(1_000)
    await world.settle(bob.close())
    expect(reason).toMatchObject({ code: 'CLOSED' })
  })

  it('whoever waits for an answer of somebody who is gone learns of it', async () => {
    bob.streams.register('silent', () => new Promise<void>(() => {}))
    const answer = await world.settle(ada.stream('bob', 'silent', 'x'))
    world.sim.network.kill('bob', false)
    const error = await rejectionOf(world.settle(allOf(answer), 300_000))
    expect(error.code).toBe('STREAM_RESET')
  })
})

describe('very many', () => {
  it('many streams of one peer at a time: the session’s bound is a code, and passes', async () => {
    let open: (() => void)[] = []
    bob.streams.register('wait', () => new Promise<void>((resolve) => open.push(resolve)))
    const all = await world.settle(Promise.allSettled(Array.from({ length: 600 }, () => ada.stream('bob', 'wait', ''))))
    const refused = all.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []))
    expect(new Set(refused)).toEqual(new Set(['QUEUE_FULL']))
    await world.clock.advance(1_000)
    expect(open.length).toBe(600 - refused.length)
    for (const end of open) end()
    open = []
    await world.clock.advance(1_000)
    const answer = await world.settle(ada.stream('bob', 'wait', ''))
    await world.clock.advance(1_000)
    open[0]!()
    expect(await world.settle(allOf(answer))).toEqual(new Uint8Array())
  })
})

describe('handlers that never come to an end', () => {
  it.each(['handler', 'kept'] as const)('take nothing from others once their callers have given up (%s)', async (which) => {
    const never = (): Promise<undefined> => new Promise<undefined>(() => {})
    bob.streams.register('stuck', never, which === 'kept' ? { kept: never } : {})
    bob.streams.register('count', async (_ctx, readable) => String((await allOf(readable)).length))
    for (let round = 0; round < 5; round += 1) {
      const aborts = Array.from({ length: 300 }, () => new AbortController())
      const opened = aborts.map(({ signal }) => ada.stream('bob', 'stuck', 'x', { signal }))
      await world.clock.advance(1_000)
      for (const abort of aborts) abort.abort()
      await world.settle(Promise.allSettled(opened))
      await world.clock.advance(1_000)
    }
    expect(textOf(await world.settle(ada.stream('bob', 'count', 'abc').then(allOf)))).toBe('3')
  })
})

describe('who reads slowly', () => {
  it('PN-14 is sent no more than a window, and only its own stream waits', async () => {
    let read = (): void => {}
    bob.streams.register('slow', async (_ctx, readable) => {
      await new Promise<void>((resolve) => (read = resolve))
      return textOf(Uint8Array.of(48 + ((await allOf(readable)).length % 10)))
    })
    bob.streams.register('count', async (_ctx, readable) => String((await allOf(readable)).length))
    let given = 0
    const source = (async function* () {
      for (; given < 30_000_000; given += 10_000) yield noise(10_000)
    })()
    const slow = await world.settle(ada.stream('bob', 'slow', source))
    await world.clock.advance(20_000)
    expect(given).toBeLessThan(8_000_000)
    const other = await world.settle(ada.stream('bob', 'count', noise(9_000_000)))
    expect(textOf(await world.settle(allOf(other)))).toBe('9000000')
    read()
    expect(textOf(await world.settle(allOf(slow)))).toBe('0')
  })

  it('cancelling the answer cancels it at the handler', async () => {
    let cancelled = false
    let length = 0
    bob.streams.register('both', async (_ctx, readable) => {
      length = (await allOf(readable)).length
      return new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(noise(1_000)),
        cancel: () => void (cancelled = true),
      })
    })
    const answer = await world.settle(ada.stream('bob', 'both', noise(100_000)))
    await world.clock.advance(1_000)
    await answer.cancel()
    await world.clock.advance(1_000)
    expect({ cancelled, length }).toEqual({ cancelled: true, length: 100_000 })
  })
})

describe('to several', () => {
  it('PN-13 settles each under its target as given; an unknown name is a rejected entry', async () => {
    const cid = world.member('cid')
    await world.acquainted(ada, bob, cid)
    for (const one of [bob, cid]) one.streams.register('who', async (_ctx, readable) => `${one.name} ${textOf(await allOf(readable))}`)
    const once = (async function* () {
      yield 'hello'
    })()
    const answers = await world.settle(ada.stream([bob.address, 'nobody', 'cid'], 'who', once))
    expect([...answers.keys()]).toEqual([bob.address, 'nobody', 'cid'])
    const texts = []
    for (const answer of answers.values())
      texts.push(answer.status === 'fulfilled' ? textOf(await world.settle(allOf(answer.value))) : (answer.reason as { code: string }).code)
    expect(texts).toEqual(['bob hello', 'UNKNOWN_NAME', 'cid hello'])
    const all = await world.settle(ada.stream('*', 'who', 'x'))
    expect([...all.keys()].toSorted()).toEqual([bob.address, cid.address].toSorted())
  })

  it.each([
    ['first', ['cid', 'bob']],
    ['last', ['bob', 'cid']],
  ] as const)('PN-13 one that does not read is left behind at a bound; the others get everything (it stands %s)', async (_, targets) => {
    const cid = world.member('cid')
    await world.acquainted(ada, bob, cid)
    bob.streams.register('keep', async (_ctx, readable) => String((await allOf(readable)).length))
    cid.streams.register('keep', () => new Promise<void>(() => {}))
    const once = (async function* () {
      for (let index = 0; index < 500; index += 1) yield noise(60_000)
    })()
    const answers = await world.settle(ada.stream(targets, 'keep', once))
    const [fast, slow] = ['bob', 'cid'].map((name) => answers.get(name) as PromiseFulfilledResult<ReadableStream<Uint8Array>>)
    expect(textOf(await world.settle(allOf(fast!.value)))).toBe('30000000')
    expect(await rejectionOf(world.settle(allOf(slow!.value)))).toMatchObject({ code: 'QUEUE_FULL' })
  })

  it('PN-13 a name that nobody has holds up the others for a bounded time, and costs them nothing', async () => {
    const cid = world.member('cid')
    await world.acquainted(ada, bob, cid)
    for (const mesh of [bob, cid]) mesh.streams.register('keep', async (_ctx, readable) => String((await allOf(readable)).length))
    const once = (async function* () {
      for (let index = 0; index < 500; index += 1) yield noise(60_000)
    })()
    const answers = await world.settle(ada.stream(['nobody', 'bob', 'cid'], 'keep', once, { timeoutMs: 8_000 }))
    expect(answers.get('nobody')).toMatchObject({ status: 'rejected', reason: { code: 'UNKNOWN_NAME' } })
    for (const name of ['bob', 'cid']) {
      const { value } = answers.get(name) as PromiseFulfilledResult<ReadableStream<Uint8Array>>
      expect(textOf(await world.settle(allOf(value)))).toBe('30000000')
    }
  })
})
