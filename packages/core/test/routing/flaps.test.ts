import { describe, expect, it } from 'vitest'
import { Flaps } from '../../src/routing/flaps.ts'
import { RouterWorld } from './router-world.ts'

describe('ALN-05 links that come and go', () => {
  it('ALN-05 the third break within a minute costs 2 s, then 4, 8 … 60 s; a quiet minute or a new life forgets it', () => {
    const flaps = new Flaps()
    expect([0, 1_000, 2_000].map((now) => flaps.broke('b', 'life', now))).toEqual([0, 0, 2_000])
    expect(flaps.heldMs('b', 'life', 3_000)).toBe(1_000)
    expect(flaps.heldMs('b', 'next life', 3_000)).toBe(0)
    expect([5_000, 10_000, 20_000, 50_000, 90_000, 160_000].map((now) => flaps.broke('b', 'life', now))).toEqual([
      4_000, 8_000, 16_000, 32_000, 60_000, 60_000,
    ])
    expect(flaps.broke('b', 'life', 290_000)).toBe(0)
    expect(flaps.broke('b', 'next life', 290_001)).toBe(0)
  })

  it('ALN-05 a neighbour that flaps is not used for a while, over the other way it is; then it is used again, and a close that was meant is no flap', () => {
    const world = new RouterWorld()
    const [a, b, c] = [world.router('a'), world.router('b'), world.router('c')]
    world.link(a, c)
    world.link(c, b)
    for (let flap = 0; flap < 5; flap++) {
      world.link(a, b).dialer.close('meant')
      world.run(300)
    }
    expect(a.faults.get('LINK_FLAPS')).toBeUndefined()
    for (let flap = 0; flap < 3; flap++) {
      const { dialer, listener } = world.link(a, b)
      world.run(500)
      expect(a.destination(b.address)?.direct).toBe(true)
      // Nothing that either side says arrives any more, nor that it hangs up.
      for (const { channel } of [dialer, listener]) Object.assign(channel, { send: () => true, close: () => {} })
      while (dialer.phase !== 'closed' || listener.phase !== 'closed') world.run(100)
    }
    expect(a.faults.get('LINK_FLAPS')).toBe(1)
    expect(b.faults.get('LINK_FLAPS')).toBe(1)
    const { dialer } = world.link(a, b)
    world.run(300)
    expect(dialer.phase).toBe('joined')
    expect(a.destination(b.address)).toMatchObject({ direct: false, hops: 2 })
    world.run(10_000)
    expect(a.destination(b.address)).toMatchObject({ direct: true })
    expect(a.faults.get('ROUTES_DIFFER')).toBeUndefined()
  })

  it('PP-27 a link that went silent is left within 3 s while packets are sent over it, and within 12 s when it is idle', () => {
    for (const [busy, boundMs] of [
      [true, 3_000],
      [false, 12_000],
    ] as const) {
      const world = new RouterWorld()
      const [a, b] = [world.router('a'), world.router('b')]
      const { dialer, listener } = world.link(a, b)
      b.registerService('ping', () => {})
      world.run(7_300)
      for (const { channel } of [dialer, listener]) channel.send = () => true
      const from = world.clock.now()
      while (a.destination(b.address) && world.clock.now() - from < 60_000) {
        if (busy) a.send({ destAddr: b.address, service: 'ping', data: 'x' })
        world.run(100)
      }
      expect(world.clock.now() - from).toBeLessThanOrEqual(boundMs + 100)
    }
  })
})
