import { afterEach, describe, expect, it } from 'vitest'
import type { MeshError } from '../../src/errors/mesh-error.ts'
import type { MeshWarning } from '../../src/mesh/mesh-events.ts'
import { Trouble } from '../../src/mesh/trouble.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { MeshWorld } from './mesh-world.ts'

function troubled() {
  const clock = new VirtualClock()
  const warnings: MeshWarning[] = []
  const reports: MeshError[] = []
  const lines: string[] = []
  const trouble = new Trouble({
    clock,
    log: { level: 6, write: (_level, _room, message) => void lines.push(message) },
    warn: (warning) => warnings.push(warning),
    report: (error) => reports.push(error),
  })
  return { clock, warnings, reports, lines, trouble }
}

describe('trouble', () => {
  it('two nodes under one name are a warning, once a minute, however often it is noticed', () => {
    const { clock, warnings, trouble } = troubled()
    for (let count = 1; count <= 200; count++) {
      trouble.fault({ code: 'IDENTITY_IN_USE', message: "somebody else is called 'thing'", count })
      clock.runFor(1_000)
    }
    expect(warnings).toHaveLength(4)
    expect(warnings[0]).toEqual({ code: 'IDENTITY_IN_USE', message: "somebody else is called 'thing'" })
  })

  it('a neighbour whose links break again and again is a warning', () => {
    const { warnings, trouble } = troubled()
    trouble.fault({ code: 'LINK_FLAPS', message: 'the link to b broke again and again', count: 1 })
    expect(warnings).toEqual([{ code: 'LINK_FLAPS', message: 'the link to b broke again and again' }])
  })

  it('other faults are for the log, each kind at its 1st, 2nd, 4th, 8th time', () => {
    const { warnings, lines, trouble } = troubled()
    for (let count = 1; count <= 100; count++) trouble.fault({ code: 'SPOOFED', message: 'a plain node', count })
    expect(warnings).toEqual([])
    expect(lines.map((line) => line.match(/\d+/)?.[0])).toEqual(['1', '2', '4', '8', '16', '32', '64'])
  })

  it('a failed handler is an error, and what a neighbour says last is a warning only where people must know it', () => {
    const { warnings, reports, trouble } = troubled()
    trouble.fault({ code: 'HANDLER_FAILED', message: 'not my day', count: 1 })
    trouble.notice('RESTARTING', 'the relay stops')
    trouble.notice('IDENTITY_IN_USE', 'another process joined')
    trouble.notice('TOKEN_EXPIRED', 'the token is over')
    expect(reports.map(({ code }) => code)).toEqual(['HANDLER_FAILED'])
    // Of a twin the signed record tells, and not the word of a neighbour.
    expect(warnings).toEqual([{ code: 'TOKEN_EXPIRED', message: 'the token is over' }])
  })
})

let world = new MeshWorld(1)
afterEach(() => world.close())

describe('links that flap', () => {
  it('are told to people as one warning, and the mesh goes on', async () => {
    world = new MeshWorld(95)
    world.relay()
    const [ada, bob] = [world.member('ada'), world.member('bob')]
    await world.acquainted(ada, bob)
    const codes: string[] = []
    ada.on('warning', ({ code }) => codes.push(code))
    for (let count = 0; count < 4; count++) {
      world.sim.network.cut('ada', 'relay')
      await world.clock.advance(500)
      world.sim.network.heal('ada', 'relay')
      await world.clock.advance(8_000)
    }
    expect(codes).toEqual(['LINK_FLAPS'])
    await world.clock.advance(60_000)
    expect(ada.peer(bob.address)?.state).toBe('active')
  })
})
