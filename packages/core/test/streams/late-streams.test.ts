import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MeshError } from '../../src/errors/mesh-error.ts'
import type { Environment } from '../../src/mesh/environment.ts'
import { lateParts, type LateParts } from '../../src/mesh/late-parts.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { rejectionOf } from '../mesh/mesh-error-of.ts'
import { MeshWorld } from '../mesh/mesh-world.ts'
import { allOf, isSame, noise } from './stream-samples.ts'

let world: MeshWorld
let ada: Mesh
let page: Mesh
let loads: { resolve(parts: LateParts): void; reject(error: MeshError): void }[]

beforeEach(async () => {
  world = new MeshWorld(3)
  world.relay()
  loads = []
  const environment = (same: Environment): Environment => ({
    ...same,
    late: () => new Promise((resolve, reject) => loads.push({ resolve, reject })),
  })
  ada = world.member('ada')
  page = world.member('page', { environment })
  await world.acquainted(ada, page)
})
afterEach(() => world.close())

describe('streams where their code is loaded when it is needed', () => {
  it('a stream that comes while it is loaded arrives whole, and so does its answer', async () => {
    expect(loads).toEqual([])
    const got: Uint8Array[] = []
    page.streams.register('keep', async (_, readable) => {
      got.push(await allOf(readable))
      return 'kept'
    })
    expect(loads).toHaveLength(1)
    const sent = noise(300_000)
    const sending = ada.stream('page', 'keep', sent, { timeoutMs: 60_000 })
    await world.clock.advance(2_000)
    expect([loads.length, got]).toEqual([2, []])
    for (const { resolve } of loads) resolve(lateParts)
    const answer = await world.settle(allOf(await world.settle(sending)))
    expect(new TextDecoder().decode(answer)).toBe('kept')
    expect(isSame(got[0]!, sent)).toBe(true)
  })

  it('a stream of its own leaves as soon as it is loaded', async () => {
    ada.streams.register('size', async (_, readable) => String((await allOf(readable)).length))
    const answered = page.stream('ada', 'size', 'hello')
    await world.clock.advance(2_000)
    expect(loads).toHaveLength(1)
    loads[0]?.resolve(lateParts)
    expect(new TextDecoder().decode(await world.settle(allOf(await world.settle(answered))))).toBe('5')
  })

  it('where it cannot be loaded the sender hears BUSY, and a stream of its own is an error; the next one may succeed', async () => {
    page.streams.register('keep', () => 'kept')
    const refused = ada.stream('page', 'keep', 'hello')
    await world.clock.advance(2_000)
    const own = page.stream('ada', 'keep', 'hello')
    await world.clock.advance(2_000)
    expect(loads).toHaveLength(3)
    for (const { reject } of loads) reject(new MeshError('NOT_READY', 'the page is offline'))
    const errors = [await world.settle(rejectionOf(refused)), await world.settle(rejectionOf(own))]
    expect(errors.map(({ code }) => code)).toEqual(['BUSY', 'NOT_READY'])

    const again = ada.stream('page', 'keep', 'hello')
    await world.clock.advance(2_000)
    loads.at(-1)?.resolve(lateParts)
    expect(new TextDecoder().decode(await world.settle(allOf(await world.settle(again))))).toBe('kept')
  })

  it('a mesh that is closed meanwhile takes and opens none', async () => {
    const own = page.stream('ada', 'keep', 'hello')
    await world.clock.advance(2_000)
    await world.settle(page.close())
    for (const { resolve } of loads) resolve(lateParts)
    expect((await world.settle(rejectionOf(own))).code).toBe('CLOSED')
  })
})
