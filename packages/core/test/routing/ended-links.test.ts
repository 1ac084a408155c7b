import { queryObjects } from 'node:v8'
import { describe, expect, it } from 'vitest'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import { ChannelLink } from '../../src/link/channel-link.ts'
import type { Router } from '../../src/routing/router.ts'
import type { TableSize } from '../../src/routing/table/table-sizes.ts'
import { PlainPeer } from '../plain-edge/plain-peer.ts'
import { RouterWorld } from './router-world.ts'

/** Longer than an origin without routes is remembered, and what was said to all is kept. */
const forgottenMs = 700_000

/** Members come, speak to all and to each other, and go: some say so, some are cut off, some fall silent. */
function comeAndGo(world: RouterWorld, relay: Router): void {
  const members = Array.from({ length: 12 }, (_, at) => world.router(`member ${at}`))
  const links = members.map((member) => world.relayLink(member, relay))
  world.link(members[0]!, members[1]!)
  world.run(3_000)
  expect(relay.destinationCount).toBe(members.length + 1)
  for (const member of members) {
    member.registerService('echo', (packet) => void member.send({ destAddr: packet.srcAddr, contextID: packet.contextID }))
    void member.say({ service: 'news', data: 'here I am' })
  }
  members[2]!.send({ destAddr: members[3]!.address, service: 'echo', data: 'hello' })
  world.run(3_000)
  for (const [at, member] of members.entries()) {
    const { listener } = links[at]!
    if (at % 3 === 0) void member.close()
    else if (at % 3 === 1) listener.close('cut')
    else listener.channel.close('cut')
  }
  // Who hangs up in the middle of a greeting, and who never says a word.
  const [dialer, listener] = memoryChannelPair(world.clock, {})
  world.router('half').addChannel(dialer)
  relay.addChannel(listener)
  dialer.close()
  relay.addChannel(memoryChannelPair(world.clock, {})[1])
  new PlainPeer(world, relay).join('thing')
  world.run(20_000)
  for (const member of members) void member.close()
  for (const link of relay.links().slice(1)) link.close('cut')
  world.run(forgottenMs)
}

describe('links that have ended', () => {
  it('LM leave nothing behind: neither the link itself nor a row in any table', async () => {
    const world = new RouterWorld()
    const relay = world.router('relay', 'relay')
    world.relayLink(world.router('stays', 'member', { deaf: true }), relay)
    world.run(3_000)
    // What somebody said to all stays known up to its bound, so that nothing is delivered twice.
    const sizes = (): TableSize[] => relay.sizes().filter(({ table }) => table !== 'lives of broadcasts')
    const before = sizes()
    for (let round = 0; round < 3; round++) comeAndGo(world, relay)
    expect(sizes()).toEqual(before)
    // Promises of what ended settle.
    await world.advance(1_000)
    expect(queryObjects(ChannelLink)).toBe(2)
  })
})
