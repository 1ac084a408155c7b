import { afterEach, expect, it } from 'vitest'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { meshErrorOf, rejectionOf } from './mesh-error-of.ts'
import { MeshWorld } from './mesh-world.ts'

let world = new MeshWorld(1)
afterEach(() => world.close())

interface Api {
  add(a: number, b: number): number
  never(): void
}

async function pair(): Promise<[Mesh, Mesh]> {
  world = new MeshWorld(5)
  world.relay()
  const [ada, bob] = [world.member('ada'), world.member('bob')]
  bob.services.register('echo', (request) => request.bytes)
  bob.services.register('never', () => new Promise(() => {}))
  bob.functions.register<Api>({ add: (_, a, b) => a + b, never: () => new Promise(() => {}) as never })
  await world.acquainted(ada, bob)
  await world.clock.advance(1_000)
  return [ada, bob]
}

it('PY-11 PY-12 the verbs with options do what the verbs without do, and options never mix with parts or arguments', async () => {
  const [ada, bob] = await pair()
  const heard: unknown[] = []
  bob.on('message', ({ parts }) => void heard.push(parts))
  const verbs = ada.with({ timeoutMs: 2_000 })
  const parts = ['text', { timeoutMs: 5 }] as const
  expect(await world.settle(verbs.send('bob', ...parts))).toMatchObject({ state: 'delivered' })
  expect((await world.settle(verbs.send(['bob'], ...parts))).get('bob')).toMatchObject({ value: { state: 'delivered' } })
  await world.settle(verbs.broadcast(...parts))
  await world.clock.advance(1_000)
  expect(heard).toEqual([parts, parts, parts])
  expect((await world.settle(verbs.call('echo', 'hello').then((reply) => reply))).text()).toBe('hello')
  expect(await world.settle(verbs.to<Api>('bob').add(1, 2))).toBe(3)
})

it('signal and timeoutMs are those of each verb', async () => {
  const [ada] = await pair()
  const brief = ada.with({ timeoutMs: 500 })
  const since = world.clock.now()
  const codes = await world.settle(
    Promise.all([
      rejectionOf(brief.call('never').then((reply) => reply)),
      rejectionOf(brief.to<Api>('bob').never()),
      rejectionOf(brief.send('nobody', 'x')),
    ]),
  )
  expect(codes.map(({ code }) => code)).toEqual(['TIMEOUT', 'TIMEOUT', 'UNKNOWN_NAME'])
  expect(world.clock.now() - since).toBeLessThan(1_500)
  const controller = new AbortController()
  const aborted = ada.with({ signal: controller.signal })
  const pending = [
    rejectionOf(aborted.call('never').then((reply) => reply)),
    rejectionOf(aborted.to<Api>('bob').never()),
    rejectionOf(aborted.send('nobody', 'x')),
  ]
  await world.clock.advance(100)
  controller.abort()
  expect((await world.settle(Promise.all(pending))).map(({ code }) => code)).toEqual(['ABORTED', 'ABORTED', 'ABORTED'])
})

it('options that no verb knows are refused, with the one that was meant', async () => {
  const [ada] = await pair()
  expect(meshErrorOf(() => ada.with({ timeout: 5 } as never)).message).toContain("Did you mean 'timeoutMs'?")
  for (const options of [null, 7, 'soon', [], { reciepts: true }])
    expect(meshErrorOf(() => ada.with(options as never)).code).toBe('INVALID_OPTION')
})
