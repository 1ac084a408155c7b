import { describe, expect, it } from 'vitest'
import { netStates } from '../../src/wire/packet.ts'
import { RouterWorld } from '../routing/router-world.ts'
import { PlainPeer, routeSaid } from './plain-peer.ts'

function scene() {
  const world = new RouterWorld()
  const [relay, member] = [world.router('relay', 'relay'), world.router('member')]
  world.link(member, relay)
  const y = new PlainPeer(world, relay)
  y.answersAs = 'y'
  y.join('y', 'temp')
  y.say(routeSaid('y', 'z', 2))
  const asked = (): number => y.heard.filter(({ netState, data }) => netState === netStates.query && !data).length
  const seen = (): string[] => ['y', 'z'].filter((name) => member.destination(name))
  return { world, relay, member, y, asked, seen }
}

describe('plain nodes that are gone without a word', () => {
  it('PP-27 PY-30 who answers no more is listed no more, and is back with the first word', () => {
    const { world, relay, member, y, asked, seen } = scene()
    world.run(600_000)
    expect(seen()).toEqual(['y', 'z'])
    // Once in two minutes of silence.
    expect(asked()).toBeGreaterThanOrEqual(4)
    expect(asked()).toBeLessThanOrEqual(7)
    y.answersAs = undefined
    world.run(260_000)
    expect(seen()).toEqual([])
    expect(member.services('temp')).toEqual([])
    expect(relay.links()).toHaveLength(2)
    y.say({ netState: netStates.query })
    world.run(1_000)
    expect(seen()).toEqual(['y', 'z'])
    expect(member.services('temp')).toMatchObject([{ address: 'y' }])
  })

  it('who has never answered is listed as long as its link is there, and not asked again', () => {
    const { world, y, asked, seen } = scene()
    y.answersAs = undefined
    world.run(30_000)
    const before = asked()
    world.run(900_000)
    expect(seen()).toEqual(['y', 'z'])
    expect(asked()).toBe(before)
  })

  it('who says something now and then is not asked', () => {
    const { world, y, asked, seen } = scene()
    world.run(30_000)
    const before = asked()
    for (let minute = 0; minute < 20; minute += 1) {
      y.say({ srcAddr: 'y', service: 'log', data: 'x' })
      world.run(60_000)
    }
    expect(asked()).toBe(before)
    expect(seen()).toEqual(['y', 'z'])
  })

  it('what another neighbour reaches as well stays, with its services', () => {
    const { world, relay, member, y } = scene()
    const x = new PlainPeer(world, relay)
    x.answersAs = 'x'
    x.join('x')
    x.say(routeSaid('x', 'y', 2))
    world.run(30_000)
    y.answersAs = undefined
    world.run(260_000)
    expect(member.destination('y')).toMatchObject({ hops: 3 })
    expect(member.services('temp')).toMatchObject([{ address: 'y' }])
  })
})
