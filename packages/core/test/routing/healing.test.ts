import { describe, expect, it } from 'vitest'
import { RouterWorld } from './router-world.ts'

describe('healing', () => {
  it('RT7 RT8 an answer to a question brings its proof: the way back takes no longer than the way there', () => {
    const world = new RouterWorld()
    const names = ['origin', 'near', 'asker', 'p', 'q', 'r', 'starving']
    const [origin, near, asker, p, q, r, starving] = names.map((name) => world.router(name)) as ReturnType<RouterWorld['router']>[]
    const latencyMs = 100
    const link = (a = origin!, b = origin!) => world.link(a, b, { latencyMs })
    link(origin, near)
    const { dialer } = link(near, asker)
    link(asker, starving)
    // The long way round, as far from the starving node as the one that is cut.
    for (const [a, b] of [
      [origin, p],
      [p, q],
      [q, r],
      [r, starving],
    ] as const)
      link(a, b)
    world.run(30_000)
    expect(starving!.destination(origin!.address)?.via).toBe(asker!.address)
    dialer.close('cut')
    // Told of the loss after 200 ms; four links to the origin and four back; a pull on each would take 800 ms more.
    world.run(latencyMs * (2 + 4 + 4) + 50)
    expect(starving!.destination(origin!.address)?.via).toBe(r!.address)
    world.run(60_000)
    expect([...new Set(names.flatMap((_, at) => [...[origin, near, asker, p, q, r, starving][at]!.faults.keys()]))]).toEqual([])
  })
})
