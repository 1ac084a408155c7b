import { describe, expect, it } from 'vitest'
import { Liveness, idlePaceMaxMs, idleProbeMs, probeAnswerMs } from '../../src/link/liveness.ts'
import { LinkPace, paceFor } from '../../src/routing/link-pace.ts'
import type { LinkNeighbour } from '../../src/routing/link-neighbour.ts'
import { RoutedWorld } from '../../src/testing/simulator/routed-world.ts'

function member(told: number[]): LinkNeighbour {
  const link = { setPace: () => {}, sendControl: (message: { seconds: number }) => void told.push(message.seconds) }
  return { link, kind: 'member' } as unknown as LinkNeighbour
}

describe('a relay with thousands of idle members', () => {
  it('P9 lets itself be asked as often in a second however many they are, within bounds', () => {
    expect([1, 500, 1_000, 5_000, 100_000].map(paceFor)).toEqual([5, 5, 10, 50, 60])
  })

  it('tells another pace when it matters, and newcomers the present one', () => {
    const pace = new LinkPace()
    const told: number[] = []
    pace.review([member(told)], 600)
    pace.joined(member(told))
    expect(told).toEqual([])
    pace.review([member(told)], 1_000)
    pace.review([member(told)], 1_100)
    pace.joined(member(told))
    expect(told).toEqual([10, 10])
    pace.review([member(told)], 20)
    pace.joined(member(told))
    expect(told).toEqual([10, 10, 5])
  })

  it('a pace is kept within its bounds, whatever the other side wants', () => {
    const liveness = new Liveness(0)
    liveness.answered(liveness.probed(0), 20)
    liveness.setPace(1_000_000_000)
    expect(liveness.verdict(idlePaceMaxMs - 1)).toBe('alive')
    expect(liveness.verdict(idlePaceMaxMs)).toBe('probe')
    liveness.probed(idlePaceMaxMs)
    for (let waited = 2_000; waited < probeAnswerMs; waited += 2_000) expect(liveness.verdict(idlePaceMaxMs + waited)).toBe('alive')
    expect(liveness.verdict(idlePaceMaxMs + probeAnswerMs)).toBe('dead')
    const hasty = new Liveness(0)
    hasty.answered(hasty.probed(0), 20)
    hasty.setPace(0)
    expect(hasty.verdict(idleProbeMs - 1)).toBe('alive')
  })

  it('who was told to wait waits, and still misses within 3 s what it sent something to', () => {
    const world = new RoutedWorld(1, { name: 'two', nodes: 2, edges: [[1, 0]], relays: new Set([0]) })
    world.startAll()
    world.run(5_000)
    const [relay, leaf] = [world.process(0)!, world.process(1)!]
    for (const link of relay.router.links()) link.sendControl({ type: 'pace', seconds: 60 })
    world.run(1_000)
    for (const way of [
      [0, 1],
      [1, 0],
    ] as const)
      world.network.silence(world.nameOf(way[0]), world.nameOf(way[1]))
    // 12 s is what it takes otherwise; the relay itself has not been told anything and notices.
    world.run(30_000)
    expect([relay.router.destinationCount, leaf.router.destinationCount]).toEqual([0, 1])
    leaf.node.perform(() => void leaf.router.send({ service: '$nothing', destAddr: relay.router.address, data: 'there?' }))
    world.run(3_000)
    expect(leaf.router.destinationCount).toBe(0)
  })
})
