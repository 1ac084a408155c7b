import { describe, expect, it } from 'vitest'
import { metricInfinite } from '../../src/wire/control.ts'
import { encodeMeshPacket } from '../../src/wire/mesh-packet.ts'
import { RouterWorld, text } from './router-world.ts'

type TestRouter = ReturnType<RouterWorld['router']>

/** c – a ~ b – d, where ~ is a radio; with `around` another way from a to d. */
function scene({ around = false } = {}): {
  world: RouterWorld
  a: TestRouter
  b: TestRouter
  c: TestRouter
  d: TestRouter
  heard: string[]
} {
  const world = new RouterWorld()
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => world.router(name)) as [TestRouter, TestRouter, TestRouter, TestRouter]
  world.link(a, b, { medium: 'bluetooth', latencyMs: 5 })
  world.link(c, a)
  world.link(b, d)
  if (around) {
    const far = world.router('far')
    world.link(a, far, { latencyMs: 1_500 })
    world.link(far, d, { latencyMs: 1_500 })
  }
  const heard: string[] = []
  for (const [name, router] of Object.entries({ a, b, c, d }))
    router.registerService('listen', (packet) => void heard.push(`${name}: ${text(packet.data)}`))
  world.run(60_000)
  return { world, a, b, c, d, heard }
}

describe('RT16 ALN-06 ALN-43 Bluetooth carries nothing between others', () => {
  it('whoever is at its other end is reached by everybody, and reaches everybody', () => {
    const { world, a, b, c, d, heard } = scene()
    expect(c.destination(b.address)).toMatchObject({ via: a.address, hops: 2 })
    expect(b.destination(c.address)).toMatchObject({ via: a.address, hops: 2 })
    expect(a.destination(d.address)).toMatchObject({ via: b.address, hops: 2 })
    expect(c.send({ service: 'listen', destAddr: b.address, data: 'to the device' })).toBeUndefined()
    expect(b.send({ service: 'listen', destAddr: c.address, data: 'from the device' })).toBeUndefined()
    expect(a.send({ service: 'listen', destAddr: d.address, data: 'of its own' })).toBeUndefined()
    world.run(1_000)
    expect(heard.toSorted()).toEqual(['b: to the device', 'c: from the device', 'd: of its own'])
  })

  it('two others are not told of a way over it, and what is sent so all the same ends there', () => {
    const { world, a, c, d, heard } = scene()
    for (const [one, other] of [
      [c, d],
      [d, c],
    ] as const) {
      expect(one.destination(other.address)).toBeUndefined()
      expect(one.send({ service: 'listen', destAddr: other.address })?.code).toBe('NO_ROUTE')
    }
    const smuggled = { srcAddr: c.address, destAddr: d.address, service: 'listen', data: 'smuggled' }
    c.links()[0]!.sendPacket(encodeMeshPacket({ hopLimit: 32 }, smuggled))
    world.run(1_000)
    expect(heard).toEqual([])
    expect(a.faults.get('NO_ROUTE')).toBe(1)
    for (const router of [a, c, d]) expect(router.faults.get('ROUTES_DIFFER')).toBeUndefined()
  })

  it('another way is taken and told, however dear it is; when it is lost, what was told is taken back', () => {
    const { world, a, c, d, heard } = scene({ around: true })
    expect(a.destination(d.address)?.hops).toBe(2)
    expect(a.origin(d.address)?.selected?.metric).toBeGreaterThan(600)
    expect(c.destination(d.address)).toMatchObject({ via: a.address, hops: 3 })
    c.send({ service: 'listen', destAddr: d.address, data: 'the long way' })
    world.run(6_000)
    expect(heard).toEqual(['d: the long way'])
    for (const link of a.links()) if ((link.roundTripMs ?? 0) > 1_000) link.close('cut')
    world.run(10_000)
    expect(a.destination(d.address)).toMatchObject({ hops: 2 })
    expect(a.origin(d.address)?.selected?.metric).toBeLessThan(metricInfinite)
    expect(c.destination(d.address)).toBeUndefined()
    world.run(60_000)
    for (const router of [a, c, d]) expect(router.faults.get('ROUTES_DIFFER')).toBeUndefined()
  })
})
