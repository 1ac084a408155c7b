import { describe, expect, it } from 'vitest'
import type { Router } from '../../src/routing/router.ts'
import { netStates } from '../../src/wire/packet.ts'
import { RouterWorld, text } from '../routing/router-world.ts'
import { PlainPeer, routeSaid } from './plain-peer.ts'

/** Asks `target`; what counts as its answer goes into the list. */
function ask(router: Router, target: string): { answers: string[]; contextID: number } {
  const answers: string[] = []
  const contextID = router.registerContext(({ data, netState }) => void answers.push(`${netState ?? 0} ${text(data)}`), { from: target })
  expect(router.send({ destAddr: target, service: 'temp', contextID, data: '?' })).toBeUndefined()
  return { answers, contextID }
}

describe('SE17 a request to a plain node is answered where it went', () => {
  it('and not by another link, whatever that says to reach', () => {
    const world = new RouterWorld()
    const here = world.router('here')
    const [sensor, eve] = [new PlainPeer(world, here), new PlainPeer(world, here)]
    sensor.join('sensor', 'temp')
    eve.join('eve')
    eve.say(routeSaid('eve', 'sensor', 2))
    world.run(2_000)
    const { answers, contextID } = ask(here, 'sensor')
    world.run(100)
    eve.say({ srcAddr: 'sensor', destAddr: here.address, contextID, data: 'a lie' })
    eve.say({ netState: netStates.error, srcAddr: 'sensor', destAddr: here.address, contextID, data: 'NO_SERVICE a lie' })
    world.run(100)
    expect([answers, here.faults.get('SPOOFED')]).toEqual([[], 2])
    sensor.say({ srcAddr: 'sensor', destAddr: here.address, contextID, data: '21' })
    world.run(100)
    expect(answers).toEqual(['0 21'])
  })

  it('after another way was taken, by that one; a way of equal length is as good', () => {
    const world = new RouterWorld()
    const here = world.router('here')
    const [left, right] = [new PlainPeer(world, here), new PlainPeer(world, here)]
    left.join('left')
    right.join('right')
    left.say(routeSaid('left', 'sensor', 2))
    world.run(2_000)
    const first = ask(here, 'sensor')
    right.say({ srcAddr: 'sensor', destAddr: here.address, contextID: first.contextID, data: 'too early' })
    world.run(100)
    right.say(routeSaid('right', 'sensor', 2))
    world.run(100)
    right.say({ srcAddr: 'sensor', destAddr: here.address, contextID: first.contextID, data: 'around the ring' })
    world.run(100)
    expect(first.answers).toEqual(['0 around the ring'])
    const second = ask(here, 'sensor')
    left.close()
    right.close()
    const other = new PlainPeer(world, here)
    other.join('other')
    other.say(routeSaid('other', 'sensor', 3))
    world.run(2_000)
    other.say({ srcAddr: 'sensor', destAddr: here.address, contextID: second.contextID, data: 'the long way' })
    world.run(100)
    expect(second.answers).toEqual(['0 the long way'])
  })

  it('behind another gateway, through the mesh, and no plain neighbour says it in its place', () => {
    const world = new RouterWorld()
    const [here, gateway] = [world.router('here'), world.router('gateway', 'relay')]
    world.link(here, gateway)
    const sensor = new PlainPeer(world, gateway)
    sensor.join('sensor', 'temp')
    const eve = new PlainPeer(world, here)
    eve.join('eve')
    world.run(3_000)
    expect(here.destination('sensor')?.gateway).toBe(gateway.address)
    const { answers, contextID } = ask(here, 'sensor')
    world.run(100)
    eve.say({ srcAddr: 'sensor', destAddr: here.address, contextID, data: 'a lie' })
    world.run(1_000)
    expect(answers).toEqual([])
    sensor.say({ srcAddr: 'sensor', destAddr: here.address, contextID, data: '21' })
    world.run(1_000)
    expect(answers).toEqual(['0 21'])
  })

  it('next door, and not by somebody else at the other end of the mesh', () => {
    const world = new RouterWorld()
    const [here, stranger] = [world.router('here'), world.router('stranger')]
    world.link(here, stranger)
    const [sensor, other] = [new PlainPeer(world, here), new PlainPeer(world, stranger)]
    sensor.join('sensor', 'temp')
    other.join('other')
    world.run(3_000)
    const { answers, contextID } = ask(here, 'sensor')
    world.run(100)
    other.say({ srcAddr: 'sensor', destAddr: here.address, contextID, data: 'a lie' })
    world.run(1_000)
    expect([answers, here.faults.get('SPOOFED')]).toEqual([[], 1])
  })
})
