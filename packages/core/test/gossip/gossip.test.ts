import { beforeEach, describe, expect, it } from 'vitest'
import { gapAsksMs, gapWaitMs, keptMax, keptMs, lateNewsMs, lazyBatchMs } from '../../src/gossip/gossip-limits.ts'
import type { BroadcastRows } from '../../src/wire/gossip-control.ts'
import { GossipStage, rowsOf, type PlayedNeighbour, type StagedNode } from './gossip-stage.ts'

let stage: GossipStage
/** Who speaks, and who hears it from its neighbours a and b. */
let [ada, bob]: StagedNode[] = []
let [a, b]: PlayedNeighbour[] = []

beforeEach(() => {
  stage = new GossipStage()
  ada = stage.node()
  bob = stage.node()
  bob.records.set(ada.address, ada.record)
  a = stage.joined(bob, 'a')
  b = stage.joined(bob, 'b')
})

function hand(from: PlayedNeighbour, ...packets: readonly Uint8Array[]): void {
  for (const packet of packets) stage.hand(bob!, from, packet)
}

function say(...texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => stage.said(ada!, text))
}

describe('PY-13 the order of an origin', () => {
  it('BC9 a fleeting one that was overtaken is dropped, and never waited or asked for', () => {
    const [first, second, third, fourth] = ['1', '2', '3', '4'].map((text) => stage.said(ada!, text, { retain: false }))
    hand(a!, first!, third!)
    stage.clock.runFor(gapWaitMs)
    hand(a!, second!)
    expect(bob!.heard).toEqual(['1', '3'])
    hand(a!, fourth!)
    expect(bob!.heard).toEqual(['1', '3', '4'])
    expect(a!.take('want')).toEqual([])
  })

  it('BC9 what is missing is asked for where the later one came from; what comes meanwhile goes out in its order', () => {
    const [first, second, third] = say('1', '2', '3')
    hand(b!, first!, third!)
    stage.clock.runFor(gapAsksMs[0]!)
    expect(b!.take('want')).toEqual([{ type: 'want', rows: [rowsOf(ada!, [{ start: 2, end: 3 }])] }])
    expect(bob!.heard).toEqual(['1'])
    hand(b!, second!)
    expect(bob!.heard).toEqual(['1', '2', '3'])
    stage.clock.runFor(gapWaitMs)
    expect([a!, b!].flatMap((neighbour) => neighbour.take('want'))).toEqual([])
  })

  it('BC9 what its origin says is not to be had any more is neither waited nor asked for', () => {
    say('old', 'older than that')
    stage.clock.runFor(keptMs + 1)
    ada!.gossip.tick(stage.clock.now())
    hand(a!, ...say('new'))
    expect(bob!.heard).toEqual(['new'])
    stage.clock.runFor(gapWaitMs)
    expect([a!, b!].flatMap((neighbour) => neighbour.take('want'))).toEqual([])
  })

  it('PY-13 of what this address said in an earlier life nothing is delivered here, and all of it passed on', () => {
    const packet = stage.said(ada!, 'I was here')
    const again = stage.node({ again: ada! })
    again.epoch = 2
    const [from, to] = [stage.joined(again, 'from'), stage.joined(again, 'to')]
    stage.hand(again, from, packet)
    expect([again.heard, again.faults, from.packets.length, to.packets.length]).toEqual([[], [], 0, 1])
  })
})

describe('PY-13 what was caught up with', () => {
  it('BC8 goes along no tree, and says nothing about one: neighbours hear that it is held here', () => {
    say('1')
    const late = stage.late(ada!, 1)
    hand(a!, late)
    stage.clock.runFor(lateNewsMs)
    expect([bob!.heard, b!.packets, a!.take('holds')]).toEqual([['1'], [], []])
    expect(b!.take('holds')).toEqual([{ type: 'holds', answer: false, rows: [rowsOf(ada!, [{ start: 1, end: 2 }])] }])
    // The same by another, as news or late: neither link is superfluous.
    hand(b!, late)
    hand(a!, late)
    expect([a!, b!].flatMap((neighbour) => neighbour.take('prune'))).toEqual([])
  })

  it('BC8 is offered to others with the record of its origin, as long as any of it is kept; of fleeting ones nothing', () => {
    const eve = stage.node()
    bob!.records.set(eve.address, eve.record)
    hand(a!, stage.said(eve, 'fleeting', { retain: false }), ...say('kept'))
    bob!.records.clear()
    bob!.gossip.tick(stage.clock.now())
    expect([bob!.gossip.record(ada!.address), bob!.gossip.record(eve.address)]).toEqual([ada!.record, undefined])
    // Routing has forgotten who that was; what is kept of it proves more of it.
    hand(a!, ...say('more'))
    expect(bob!.heard).toEqual(['fleeting', 'kept', 'more'])
    stage.clock.runFor(keptMs + 1)
    bob!.gossip.tick(stage.clock.now())
    expect(bob!.gossip.record(ada!.address)).toBeUndefined()
    expect(bob!.gossip.heldBytes).toBe(0)
  })

  it('BC8 nothing is asked for that is fleeting, of who is no member, or what this node said itself', () => {
    const rows = [
      { ...rowsOf(ada!, [{ start: 1, end: 3 }]), fleeting: true },
      { ...rowsOf(ada!, [{ start: 1, end: 3 }]), origin: 'a plain name' },
    ]
    bob!.gossip.control(a!, { type: 'holds', answer: true, rows })
    expect(a!.take('want')).toEqual([])
    bob!.gossip.control(a!, { type: 'holds', answer: true, rows: [rowsOf(ada!, [{ start: 1, end: 3 }])] })
    expect(a!.take('want')).toHaveLength(1)
    // What this node said itself it has.
    stage.said(bob!, 'mine')
    bob!.gossip.control(a!, { type: 'holds', answer: true, rows: [rowsOf(bob!, [{ start: 1, end: 2 }])] })
    expect(a!.take('want')).toEqual([])
  })

  it('BC8 a neighbour that has left asks for nothing any more, and its late words change nothing', () => {
    hand(a!, ...say('1'))
    stage.left(bob!, b!)
    bob!.gossip.control(b!, { type: 'want', rows: [rowsOf(ada!, [{ start: 1, end: 2 }])] })
    b!.packets = []
    bob!.gossip.control(b!, { type: 'want', rows: [rowsOf(ada!, [{ start: 1, end: 2 }])] })
    expect(b!.packets).toEqual([])
  })
})

describe('PY-13 a node', () => {
  it('BC2 that is a leaf passes nothing on', () => {
    bob!.passesOn = false
    hand(a!, ...say('1'))
    stage.clock.runFor(lazyBatchMs)
    expect([bob!.heard, b!.packets, b!.take('have')]).toEqual([['1'], [], []])
  })

  it('BC5 has a fleeting one for who pulls it, for a moment', () => {
    hand(a!, stage.said(ada!, '1', { retain: false }))
    const id = { origin: ada!.address, epoch: 1, fleeting: true, counter: 1 }
    b!.packets = []
    const graft = { type: 'graft', tree: '', eager: false, ids: [id] } as const
    bob!.gossip.control(b!, graft)
    expect([b!.packets.length, bob!.gossip.heldBytes > 0]).toEqual([1, true])
    stage.clock.runFor(10_000)
    bob!.gossip.tick(stage.clock.now())
    bob!.gossip.control(b!, graft)
    expect([b!.packets.length, bob!.gossip.heldBytes]).toEqual([1, 0])
  })

  it('LM that has no room sheds what is fleeting, too', () => {
    hand(a!, stage.said(ada!, '1', { retain: false }), ...say('2'))
    bob!.gossip.shed()
    expect(bob!.gossip.heldBytes).toBe(0)
  })

  it('PY-13 that remembers what it delivered tells the next one of what may still come, and of no more', () => {
    hand(a!, ...say('1'), stage.said(ada!, 'fleeting', { retain: false }))
    stage.clock.runFor(keptMs)
    expect(bob!.gossip.delivered()).toEqual([rowsOf(ada!, [{ start: 1, end: 2 }])])
    stage.clock.runFor(2 * keptMs)
    expect(bob!.gossip.delivered()).toEqual([])
  })

  it('LM that forgets in time what it asked for may ask for as much again', () => {
    const some = (index: number): BroadcastRows[] => [rowsOf(ada!, [{ start: index * keptMax + 1, end: (index + 1) * keptMax + 1 }])]
    for (let index = 0; index < 4; index += 1) bob!.gossip.control(a!, { type: 'holds', answer: true, rows: some(index) })
    stage.clock.runFor(60_000)
    bob!.gossip.tick(stage.clock.now())
    for (const neighbour of [a!, b!]) bob!.gossip.control(neighbour, { type: 'holds', answer: true, rows: some(5) })
    expect([a!.take('want').length, b!.take('want').length]).toEqual([5, 0])
  })
})
