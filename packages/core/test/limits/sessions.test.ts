import { describe, expect, it } from 'vitest'
import { MemoryBudget } from '../../src/bytes/memory-budget.ts'
import { Contexts, contextsMax } from '../../src/routing/packets/contexts.ts'
import { RouteTable } from '../../src/routing/table/route-table.ts'
import {
  largeSessionPacketBytesMax,
  messageBytesMax,
  messageBytesUnsettledMax,
  packetsInFlightMax,
  recordBytesQueuedMax,
  recordsQueuedMax,
  recordsUnderWayMax,
  sessionsMax,
  streamWindowBytesFirst,
} from '../../src/session/session-limits.ts'
import { decodeSessionPacket } from '../../src/session/session-packet.ts'
import type { SessionStream } from '../../src/session/session-stream.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { isWireFault } from '../../src/wire/wire-fault.ts'
import { Rogue } from '../session/rogue.ts'
import { bytesOf, SessionWorld } from '../session/session-world.ts'

describe('LM what peers may make us keep', () => {
  it('LM more than 32 MiB of messages that are not delivered yet is QUEUE_FULL, and one above 16 MiB TOO_LARGE', async () => {
    const world = new SessionWorld()
    const [ada, bob] = [world.node('ada'), world.node('bob')]
    world.kill(bob)
    const session = ada.sessions.to(bob.address)
    const codes: string[] = []
    const say = (bytes: number): void => void session.message(new Uint8Array(bytes)).catch(({ code }: { code: string }) => codes.push(code))
    say(messageBytesMax + 1)
    for (let sent = 0; sent < messageBytesUnsettledMax; sent += messageBytesMax) say(messageBytesMax)
    say(1)
    await world.advance(0)
    expect(codes).toEqual(['TOO_LARGE', 'QUEUE_FULL'])
    session.close()
  })

  it('LM records that come faster than they can be opened wait, 1 024 of them, and the rest is dropped', async () => {
    const world = new SessionWorld()
    const ada = world.node('ada')
    const rogue = new Rogue(world, ada)
    await rogue.open()
    const { open } = world.crypto
    const opened: (() => void)[] = []
    world.crypto.open = (...given) => new Promise((resolve) => opened.push(() => resolve(open(...given) as never)))
    for (let sent = 0; sent < recordsQueuedMax + 500; sent += 1) {
      rogue.frames({
        kind: 'stream',
        id: rogue.address < ada.address ? sent * 2 : sent * 2 + 1,
        offset: 0,
        end: true,
        message: true,
        data: bytesOf('m'),
      })
    }
    await world.advance(200)
    world.crypto.open = open
    for (const release of opened) release()
    await world.advance(200)
    // What was dropped was not acknowledged, so an honest peer would say it again.
    expect(ada.messages.length).toBeGreaterThan(0)
    expect(ada.messages.length).toBeLessThanOrEqual(recordsQueuedMax + recordsUnderWayMax)
  })

  it('LM nor more than 16 MiB of them, however large each of them is', async () => {
    const world = new SessionWorld()
    const ada = world.node('ada')
    const rogue = new Rogue(world, ada)
    await rogue.open()
    let opening = 0
    world.crypto.open = () => new Promise(() => (opening += 1))
    const data = new Uint8Array(largeSessionPacketBytesMax - 100)
    const fitting = Math.floor(recordBytesQueuedMax / data.length)
    for (let sent = 0; sent < fitting + 50; sent += 1) rogue.frames({ kind: 'stream', id: 0, offset: 0, end: true, message: false, data })
    await world.advance(200)
    expect(fitting).toBeLessThan(recordsQueuedMax)
    expect(opening).toBe(recordsUnderWayMax)
    const refused = ada.faults.filter((fault) => fault.includes('overload')).length
    expect(refused).toBeGreaterThanOrEqual(50)
    expect(refused).toBeLessThan(55)
  })

  it('LM no more than 1 024 packets of a session are in flight, whatever the peer allows', async () => {
    const world = new SessionWorld()
    const [ada, bob] = [world.node('ada'), world.node('bob')]
    await world.settle(ada.sessions.to(bob.address).message(bytesOf('hello')))
    world.weather.latencyMs = 5_000
    let records = 0
    world.tap = ({ from, data }) => {
      const packet = decodeSessionPacket(data)
      if (from === ada.address && !isWireFault(packet) && packet.kind === 'record') records += 1
      return data
    }
    const session = ada.sessions.to(bob.address)
    // Each leaves in a record of its own, and all of them together in less than the congestion window.
    for (let sent = 0; sent < packetsInFlightMax + 200; sent += 1) {
      session.datagram(bytesOf(`${sent}`))
      await world.advance(0)
    }
    expect(records).toBeGreaterThan(packetsInFlightMax - 20)
    expect(records).toBeLessThanOrEqual(packetsInFlightMax)
  })

  it('LM sessions beyond 256 take the place of the one that is idle longest, and of none that is busy', async () => {
    const world = new SessionWorld()
    const ada = world.node('ada')
    for (let at = 0; at < sessionsMax; at += 1)
      void ada.sessions
        .to(world.node(`peer ${at}`).address)
        .message(bytesOf('x'))
        .catch(() => {})
    expect(() => ada.sessions.to(world.node('one more').address)).toThrow(expect.objectContaining({ code: 'QUEUE_FULL' }))
    await world.advance(3_000)
    expect(ada.sessions.to(world.node('one more').address)).toBeDefined()
    expect(ada.sessions.size).toBe(sessionsMax)
  })

  it('LM of peers whose streams nobody reads, the one that made us hold most loses its session when there is no room', async () => {
    const world = new SessionWorld()
    const memory = new MemoryBudget(3 * streamWindowBytesFirst)
    const ada = world.node('ada', { sessions: { memory } })
    const peers = ['greedy', 'modest'].map((name) => world.node(name))
    const write = async (stream: SessionStream, bytes: number): Promise<void> => {
      for (let sent = 0; sent < bytes; sent += 16_384) await stream.write(new Uint8Array(16_384))
    }
    for (const [index, peer] of peers.entries()) {
      for (let stream = 0; stream < (index === 0 ? 5 : 1); stream += 1) {
        write(peer.sessions.to(ada.address).openStream(), streamWindowBytesFirst).catch(() => {})
      }
    }
    await world.advance(5_000)
    expect(memory.heldBytes).toBeGreaterThan(5 * streamWindowBytesFirst)
    expect(memory.review()).toBe(1)
    await world.advance(1_000)
    expect(ada.ended).toEqual(['QUEUE_FULL'])
    expect(memory.heldBytes).toBe(streamWindowBytesFirst)
    expect(ada.faults.filter((fault) => fault.startsWith('QUEUE_FULL'))).toHaveLength(0)
  })
})

describe('LM tables', () => {
  it('LM 32 768 requests wait for replies, one more is QUEUE_FULL', () => {
    const contexts = new Contexts(new SeededDice(1))
    for (let at = 0; at < contextsMax; at += 1) contexts.register(() => {}, undefined)
    expect(() => contexts.register(() => {}, undefined)).toThrow(expect.objectContaining({ code: 'QUEUE_FULL' }))
    expect(contexts.size).toBe(contextsMax)
  })

  it('LM a table of routes takes no origin above its bound, and goes on with those it has', () => {
    const table = new RouteTable<never>(100, () => 0)
    const neighbour = { address: 'n', cost: 16, retiring: false } as never
    const learn = (destination: string, metric = 32): unknown => table.learn(neighbour, { destination, seq48: 1, metric, hops: 1 })
    for (let at = 0; at < 100; at += 1) expect(learn(`origin ${at}`)).toBeDefined()
    expect(learn('one more')).toBeUndefined()
    expect(table.size).toBe(100)
    expect(learn('origin 5', 64)).toBeDefined()
  })
})
