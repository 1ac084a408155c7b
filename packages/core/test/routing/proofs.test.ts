import { describe, expect, it } from 'vitest'
import { Proofs, proofTriesMs } from '../../src/routing/proofs.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { RouterWorld } from './router-world.ts'

describe('proofs of routes (SE5)', () => {
  it.each([100, 700, 1_400])('a member behind a line of %i ms sees who was there before it', (latencyMs) => {
    const world = new RouterWorld()
    const [relay, near, far] = [world.router('relay', 'relay'), world.router('near'), world.router('far')]
    world.link(near, relay)
    world.run(5_000)
    world.link(far, relay, { latencyMs })
    world.run(20_000)
    expect(far.destination(near.address)).toMatchObject({ hops: 2 })
    expect(near.destination(far.address)).toMatchObject({ hops: 2 })
  })

  it('who never proves what it said is asked a few times, and then forgotten and counted', () => {
    const clock = new VirtualClock()
    const pulls: number[] = []
    const dropped: string[] = []
    const proofs = new Proofs<string>(clock, {
      pull: () => pulls.push(clock.now()),
      dropped: (neighbour, address) => dropped.push(`${neighbour} ${address}`),
    })
    proofs.hold('liar', { destination: 'ghost', seq48: 7, metric: 1, hops: 1 })
    clock.runFor(60_000)
    expect(pulls).toHaveLength(proofTriesMs.length)
    expect(dropped).toEqual(['liar ghost'])
  })
})
