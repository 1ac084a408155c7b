import { describe, expect, it } from 'vitest'
import { RouterWorld } from './router-world.ts'

describe('LK10 a link is bound to one life of its neighbour', () => {
  it('PP-27 a later life of an address ends the links of the earlier one, which nobody said were over', () => {
    const world = new RouterWorld()
    const hub = world.router('hub')
    const first = world.router('ada')
    const { listener } = world.link(first, hub)
    world.run(2_000)
    const second = world.router('ada', 'member', { again: first, epoch: 1_800_000_000 })
    const later = world.link(second, hub)
    world.run(500)
    expect([listener.phase, later.listener.phase]).toEqual(['closed', 'joined'])
    expect(hub.links().map(({ peer }) => peer?.address)).toEqual([second.address])
    expect(hub.destination(second.address)).toMatchObject({ direct: true, startedAt: 1_800_000_000_000 })
  })
})
