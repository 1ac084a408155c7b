import { describe, expect, it } from 'vitest'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import type { Router } from '../../src/routing/router.ts'
import { RouterWorld } from './router-world.ts'

const changes = 8
const changeMs = 2_000

/** What a relay with so many members sends one leaf, in bytes, for each member that goes and comes; and as much time without. */
function bytesToLeaf(count: number): { readonly change: number; readonly rest: number } {
  const world = new RouterWorld()
  const relay = world.router('relay', 'relay')
  const member = (): Router => {
    const router = world.router('', 'member', { deaf: true })
    world.link(router, relay)
    return router
  }
  const members: Router[] = []
  while (members.length < count) {
    members.push(member())
    if (members.length % 50 === 0) world.run(200)
  }
  const leaf = world.router('leaf')
  const [dialer, listener] = memoryChannelPair(world.clock, { latencyMs: 10 })
  let bytes = 0
  const send = listener.send.bind(listener)
  listener.send = (message) => {
    bytes += message.length
    return send(message)
  }
  leaf.addChannel(dialer)
  relay.addChannel(listener)
  world.run(15_000)
  expect(leaf.destinationCount).toBe(Math.min(count, 500) + 1)
  bytes = 0
  world.run(changes * changeMs)
  const rest = bytes / changes
  bytes = 0
  for (let change = 0; change < changes; change++) {
    // Any of them: at first all that the leaf knows of, at last few.
    void members[Math.floor((change * count) / changes)]!.close()
    member()
    world.run(changeMs)
  }
  return { change: bytes / changes, rest }
}

describe('what a leaf hears', () => {
  it('P12 a change costs a leaf no more in a network of 1 000 than in one of 100', { timeout: 120_000 }, () => {
    const [small, large] = [bytesToLeaf(100), bytesToLeaf(1_000)]
    expect(small.change).toBeGreaterThan(small.rest + 100)
    expect(large.change).toBeLessThanOrEqual(small.change)
    expect(large.rest).toBeLessThanOrEqual(small.rest)
  })
})
