import { beforeEach, describe, expect, it } from 'vitest'
import { broadcastsWaitingMax, clockSlackMs, keptMs, ownBytesAtOnce } from '../../src/gossip/gossip-limits.ts'
import { wireNetwork } from '../../src/identity/wire-network.ts'
import { encodeMeshPacket, packetDataBytesMax, readMeshPacket, type MeshPacketHeader } from '../../src/wire/mesh-packet.ts'
import { decodePacket } from '../../src/wire/packet-codec.ts'
import type { Packet } from '../../src/wire/packet.ts'
import { now } from '../routing/router-world.ts'
import { GossipStage, rowsOf, type PlayedNeighbour, type StagedNode, type StageOptions } from './gossip-stage.ts'

let stage: GossipStage
let ada: StagedNode

beforeEach(() => {
  stage = new GossipStage()
  ada = stage.node()
})

interface Hearer {
  readonly bob: StagedNode
  readonly a: PlayedNeighbour
  readonly b: PlayedNeighbour
}

function hearer(options: StageOptions = {}, known = true): Hearer {
  const bob = stage.node(options)
  if (known) bob.records.set(ada.address, ada.record)
  return { bob, a: stage.joined(bob, 'a'), b: stage.joined(bob, 'b') }
}

describe('SE9 what comes in', () => {
  it('several times while its proof is awaited is taken once; what has no proof by then is counted', () => {
    const { bob, a, b } = hearer({}, false)
    const packet = stage.said(ada, 'hello')
    for (const neighbour of [a, b]) stage.hand(bob, neighbour, packet)
    bob.unproven.pop()?.proven()
    expect(bob.faults).toEqual(['UNPROVEN'])
    stage.hand(bob, b, packet)
    bob.records.set(ada.address, ada.record)
    for (const { proven } of bob.unproven) proven()
    expect([bob.heard, bob.faults]).toEqual([['hello'], ['UNPROVEN']])
    bob.unproven.pop()?.giveUp()
    expect(bob.faults).toEqual(['UNPROVEN', 'UNPROVEN'])
  })

  it('of somebody who cannot be a member is dropped, and nobody is asked for a proof', () => {
    const { bob, a } = hearer()
    const packet = stage.said(ada, 'hello')
    const { alnOffset } = readMeshPacket(packet) as MeshPacketHeader
    const aln = { ...decodePacket(packet, alnOffset), srcAddr: 'plain' } as Packet
    stage.hand(bob, a, encodeMeshPacket({ hopLimit: 9, broadcast: true }, aln))
    expect([bob.heard, bob.faults, bob.unproven]).toEqual([[], [], []])
  })

  it('once more is known, also when its origin is not any more', () => {
    const { bob, a, b } = hearer()
    const packet = stage.said(ada, 'fleeting', { retain: false })
    stage.hand(bob, a, packet)
    bob.records.clear()
    stage.hand(bob, b, packet)
    expect([bob.heard, bob.faults, bob.unproven]).toEqual([['fleeting'], [], []])
  })

  it('twice while it is verified is verified once; two things under one number are delivered once', async () => {
    const { bob, a, b } = hearer({ cryptoMsMax: 20 })
    const liar = stage.node({ again: ada })
    const [one, other] = [stage.said(ada, 'one'), stage.said(liar, 'two')]
    for (const packet of [one, one, other]) stage.hand(bob, a, packet)
    for (let copy = 0; copy < broadcastsWaitingMax; copy += 1) stage.hand(bob, b, one)
    stage.hand(bob, b, one)
    await stage.clock.advance(1_000)
    expect([bob.heard, bob.faults]).toEqual([['one'], []])
  })

  it('is neither handed out nor verified after the end', async () => {
    const { bob, a } = hearer({ cryptoMsMax: 20 })
    for (let count = 0; count < 50; count += 1) stage.hand(bob, a, stage.said(ada, `${count}`))
    bob.gossip.stop()
    ada.gossip.stop()
    await stage.clock.advance(100)
    expect([bob.heard, bob.faults, stage.clock.waiting]).toEqual([[], [], 0])
  })

  it('MP7 of the window, give or take a minute, is believed; of another time not, but relays pass it on', () => {
    const packets = ['1', '2'].map((text) => stage.said(ada, text))
    stage.clock.runFor(keptMs + clockSlackMs)
    const { bob, a } = hearer()
    stage.hand(bob, a, packets[0]!)
    stage.clock.runFor(1)
    stage.hand(bob, a, packets[1]!)
    expect([bob.heard, bob.faults]).toEqual([['1'], ['STALE']])
    const { bob: relay, a: from, b: to } = hearer({ kind: 'relay' })
    stage.hand(relay, from, packets[1]!)
    expect([relay.faults, to.packets.length]).toEqual([[], 1])
  })

  it('MP7 SE9 of another time is verified once more by the clock of its origin, which is asked once', async () => {
    const old = stage.said(ada, 'old')
    stage.clock.runFor(2 * keptMs)
    for (const [behindMs, heard, faults] of [
      [2 * keptMs, ['old'], []],
      [0, [], ['STALE', 'STALE']],
    ] as const) {
      const { bob, a } = hearer()
      let asked = 0
      bob.gossip.askClocks(async () => {
        asked += 1
        return stage.clock.wallTime() - behindMs
      })
      stage.hand(bob, a, old)
      await stage.clock.advance(10_000)
      stage.hand(bob, a, old)
      await stage.clock.advance(10_000)
      expect([bob.heard, bob.faults, asked]).toEqual([heard, faults, 1])
    }
  })

  it('MP8 in a network with a key is sealed, or dropped', () => {
    const keyHash = new Uint8Array(16).fill(7)
    const { bob, a, b } = hearer({ keyHash, kind: 'relay' })
    bob.records.set(ada.address, { ...ada.record, record: { ...ada.record.record, network: wireNetwork('default', keyHash) } })
    stage.hand(bob, a, stage.said(ada, 'open'))
    expect([bob.faults, b.packets]).toEqual([['wrong-key'], []])
  })

  it('with more links before it than there can be is passed on as one that came straight', () => {
    const { bob, a, b } = hearer()
    const packet = stage.said(ada, 'far')
    stage.hand(bob, a, packet.with(0, 255))
    expect([b.packets.length, b.packets[0]?.[0]]).toEqual([1, packet[0]! - 1])
  })

  it('late and older than anything is kept as long as what is as old as can be', () => {
    const { bob, a } = hearer()
    stage.said(ada, '1')
    stage.clock.runFor(1_000)
    const late = stage.late(ada, 1)
    // Its age are two bytes behind the flags.
    stage.hand(bob, a, late.with(2, 255).with(3, 255))
    bob.gossip.tick(stage.clock.now())
    expect([bob.heard, bob.gossip.heldBytes > 0]).toEqual([['1'], true])
    bob.gossip.tick(stage.clock.now() + 1)
    expect(bob.gossip.heldBytes).toBe(0)
  })
})

describe('PY-13 what goes out', () => {
  it('is refused where no link takes anything, or too much is said at once; with no link at all it waits for one', () => {
    const bytes = new Uint8Array(packetDataBytesMax - 200)
    const say = (): unknown => now(ada.gossip.say({ service: 'news', data: bytes }))
    expect(say()).toMatchObject({ counter: 1 })
    const [a, b] = [stage.joined(ada, 'a'), stage.joined(ada, 'b')]
    a.link.full = true
    expect(say()).toMatchObject({ counter: 2 })
    b.link.full = true
    expect(say()).toMatchObject({ code: 'QUEUE_FULL' })
    b.link.full = false
    let said = 2
    while ((said + 1) * bytes.length <= ownBytesAtOnce) {
      said += 1
      expect(say()).toMatchObject({ counter: said })
    }
    expect(say()).toMatchObject({ code: 'QUEUE_FULL' })
    stage.clock.runFor(1_000)
    expect(say()).toMatchObject({ counter: said + 1 })
    ada.gossip.stop()
    expect(say()).toMatchObject({ code: 'CLOSED' })
  })
})

describe('PY-13 receipts on their way', () => {
  it('go on to whoever can be reached, with no more links before them than there can be', () => {
    const [bob, eve] = [stage.node(), stage.node()]
    const [toAda, toNobody] = [stage.joined(bob, ada.address), stage.joined(bob, 'nobody')]
    bob.gossip.acknowledge({ ...rowsOf(eve, [{ start: 1, end: 2 }]) })
    bob.gossip.acknowledge(rowsOf(ada, [{ start: 1, end: 2 }]))
    stage.clock.runFor(1_000)
    const [told] = toAda.take('receipts')
    expect([told?.receipts.length, toNobody.take('receipts')]).toEqual([1, []])
    const { bob: middle, a } = hearer()
    const receipt = told!.receipts[0]!
    middle.gossip.control(a, { type: 'receipts', receipts: [receipt.with(0, 255)] })
    stage.clock.runFor(1_000)
    expect(a.take('receipts').map(({ receipts }) => receipts[0]?.[0])).toEqual([receipt[0]! - 1])
    // Where they were asked for: of who is known, or is by the time that its proof comes.
    const at = stage.joined(ada, 'a')
    ada.gossip.control(at, { type: 'receipts', receipts: [receipt] })
    ada.unproven.pop()!.proven()
    expect([ada.receipts, ada.faults]).toEqual([[], ['UNPROVEN']])
    ada.gossip.control(at, { type: 'receipts', receipts: [receipt] })
    ada.records.set(bob.address, bob.record)
    ada.unproven.pop()!.proven()
    expect(ada.receipts.map(({ from }) => from)).toEqual([bob.address])
  })
})
