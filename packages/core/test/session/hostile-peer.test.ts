import * as fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { SessionFrame } from '../../src/session/session-frames.ts'
import {
  largeMessagesMax,
  largeMessageStallMsMax,
  messageBytesMax,
  messageFreeBytes,
  messageGrantBytes,
  messagesGrantedMax,
  sessionWindowBytesFirst,
  streamsOpenMax,
  streamWindowBytesFirst,
} from '../../src/session/session-limits.ts'
import { Rogue } from './rogue.ts'
import { bytesOf, SessionWorld, textOf, type WorldNode } from './session-world.ts'

let world: SessionWorld
let ada: WorldNode
let rogue: Rogue

beforeEach(async () => {
  world = new SessionWorld()
  ada = world.node('ada')
  rogue = new Rogue(world, ada)
  await rogue.open()
})

function part(changes: Partial<SessionFrame & { kind: 'stream' }> & { id: number }): SessionFrame {
  return { kind: 'stream', offset: 0, end: false, message: false, data: new Uint8Array(0), ...changes }
}

/** The rogue opens the streams of the side that it is on. */
function ids(): { own: (index: number) => number; theirs: (index: number) => number } {
  const odd = rogue.address < ada.address ? 0 : 1
  return { own: (index) => index * 2 + odd, theirs: (index) => index * 2 + 1 - odd }
}

describe('a peer with true keys that keeps to no rules', () => {
  it('keeps to them to begin with: its message arrives', async () => {
    rogue.frames(part({ id: ids().own(0), message: true, end: true, data: bytesOf('good day') }))
    await world.advance(100)
    expect(ada.messages.map(({ from, data }) => [from, textOf(data)])).toEqual([[rogue.address, 'good day']])
    expect(rogue.heard.some(({ kind }) => kind === 'ack')).toBe(true)
  })

  it.each<[string, () => SessionFrame[]]>([
    ['acknowledges what was never sent', () => [{ kind: 'ack', delayMs: 0, ranges: [{ start: 0, end: 1_000 }] }]],
    ['goes beyond the credit of a stream', () => [part({ id: ids().own(0), offset: streamWindowBytesFirst, data: Uint8Array.of(1) })]],
    [
      'goes beyond what is free of a message',
      () => [part({ id: ids().own(0), message: true, offset: messageFreeBytes, data: Uint8Array.of(1) })],
    ],
    ['opens more streams than it may', () => [part({ id: ids().own(streamsOpenMax), end: true })]],
    ['speaks on a stream that this side has not opened', () => [part({ id: ids().theirs(0), data: Uint8Array.of(1) })]],
    ['stops a stream that nobody opened', () => [{ kind: 'stop', id: ids().theirs(3), code: 0, reason: new Uint8Array() }]],
    [
      'resets a stream far beyond what it may open',
      () => [{ kind: 'reset', id: ids().own(1e9), code: 0, reason: new Uint8Array(), size: 0 }],
    ],
    ['resets to a size beyond its credit', () => [{ kind: 'reset', id: ids().own(0), code: 0, reason: new Uint8Array(), size: 2 ** 40 }]],
    [
      'changes a message into a stream',
      () => [part({ id: ids().own(0), message: true, data: Uint8Array.of(1) }), part({ id: ids().own(0), offset: 1 })],
    ],
    [
      'ends a stream at two places',
      () => [part({ id: ids().own(0), offset: 5, end: true }), part({ id: ids().own(0), offset: 6, end: true })],
    ],
  ])('SE14 that %s loses its session, with a reason, and nothing else happens', async (_, frames) => {
    rogue.frames(...frames())
    await world.advance(200)
    expect(ada.ended).toEqual(['WIRE_FAULT'])
    expect(rogue.heard).toContainEqual(expect.objectContaining({ kind: 'close', code: 'WIRE_FAULT' }))
    expect(ada.sessions.size).toBe(0)
  })

  it('made up frames end its session or mean something, and never throw', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 60 }), async (bytes) => {
        world = new SessionWorld()
        ada = world.node('ada')
        rogue = new Rogue(world, ada)
        await rogue.open()
        rogue.plain(bytes)
        await world.advance(100)
        expect([[], ['WIRE_FAULT'], ['CLOSED']]).toContainEqual(ada.ended)
      }),
      { numRuns: 150 },
    )
  })

  it('that acknowledges what it never got, after a number was left out, is found out', async () => {
    const session = ada.sessions.to(rogue.address)
    for (let index = 0; index < 800 && ada.ended.length === 0; index += 1) {
      void session.datagram(bytesOf(`datagram ${index}`))
      await world.advance(30)
      const highest = Math.max(...rogue.packets.map((packet) => (packet.kind === 'record' ? packet.number : 0)))
      rogue.frames({ kind: 'ack', delayMs: 0, ranges: [{ start: 0, end: highest + 1 }] })
    }
    expect(ada.ended).toEqual(['WIRE_FAULT'])
  })

  it('that never reads makes the sender wait, and keeps neither others nor messages from going', async () => {
    const session = ada.sessions.to(rogue.address)
    const stream = session.openStream()
    let written = 0
    const write = async (): Promise<void> => {
      for (;;) {
        await stream.write(new Uint8Array(100_000))
        written += 100_000
      }
    }
    write().catch(() => {})
    for (let step = 0; step < 200; step += 1) {
      acknowledgeAll()
      await world.advance(50)
    }
    const sent = rogue.heard.reduce((sum, frame) => sum + (frame.kind === 'stream' ? frame.data.length : 0), 0)
    expect(sent).toBe(streamWindowBytesFirst)
    expect(written).toBeLessThan(5_000_000)
    const delivered = session.message(bytesOf('a word'))
    await world.advance(100)
    acknowledgeAll()
    await world.settle(delivered)
    expect(ada.ended).toEqual([])
  })

  it('that never answers at all: what was said to it fails, and is not said for ever', async () => {
    const failed = ada.sessions.to(rogue.address).message(bytesOf('hello?'))
    await expect(world.settle(failed, 120_000)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' })
    expect(ada.ended).toEqual(['TIMEOUT'])
    const carried = world.carried
    await world.advance(600_000)
    expect(world.carried).toBe(carried)
  })

  it('that begins messages and finishes none holds what is free and what was granted, and no more', async () => {
    const { own } = ids()
    for (let index = 0; index < streamsOpenMax; index += 1) {
      rogue.frames(
        part({ id: own(index), message: true, data: new Uint8Array(8_000) }),
        part({ id: own(index), message: true, offset: 8_000, data: new Uint8Array(8_000) }),
      )
      if (index % 64 === 0) await world.advance(30)
    }
    await world.advance(500)
    const grants = new Map(rogue.heard.flatMap((frame) => (frame.kind === 'streamCredit' ? [[frame.id, frame.most] as const] : [])))
    expect([...grants.values()]).toEqual(new Array(messagesGrantedMax).fill(messageGrantBytes))
    expect(ada.ended).toEqual([])
    // One byte more than is allowed of one that has no grant.
    rogue.frames(part({ id: own(400), message: true, offset: messageFreeBytes, data: Uint8Array.of(1) }))
    await world.advance(200)
    expect(ada.ended).toEqual(['WIRE_FAULT'])
  })

  it('that opens a large message and falls silent loses its place, and the message', async () => {
    const { own } = ids()
    const send = async (to: number): Promise<void> => {
      for (let at = 0; at < to; at += 15_000) {
        rogue.frames(part({ id: own(0), message: true, offset: at, data: new Uint8Array(Math.min(15_000, to - at)) }))
        await world.advance(60)
      }
    }
    await send(200_000)
    expect(grantOf(own(0))).toBeGreaterThan(messageGrantBytes)
    for (let waited = 0; waited <= largeMessageStallMsMax; waited += 1_000) {
      acknowledgeAll()
      await world.advance(1_000)
    }
    expect(rogue.heard).toContainEqual({ kind: 'stop', id: own(0), code: 1, reason: new Uint8Array() })
    expect(ada.ended).toEqual([])
    // Its bytes would be acknowledged and lost: it is not taken up again.
    rogue.frames(part({ id: own(0), message: true, offset: 200_000, data: Uint8Array.of(1), end: true }))
    await world.advance(200)
    expect([ada.ended, ada.messages]).toEqual([['WIRE_FAULT'], []])
  })

  it('that sends a message above the limit loses its session', async () => {
    const { own } = ids()
    for (let at = 0; at <= messageBytesMax && ada.ended.length === 0; at += 15_000) {
      rogue.frames(part({ id: own(0), message: true, offset: at, data: new Uint8Array(15_000) }))
      await world.advance(at < 40_000 ? 100 : 30)
    }
    await world.advance(300)
    expect(ada.ended).toEqual(['WIRE_FAULT'])
    expect(ada.messages).toEqual([])
  })

  it('that sends everything twice and backwards is heard once', async () => {
    const { own } = ids()
    const frames = Array.from({ length: 20 }, (_, index) => part({ id: own(index), message: true, end: true, data: bytesOf(`m${index}`) }))
    for (const frame of [...frames, ...frames.toReversed(), ...frames]) rogue.frames(frame)
    await world.advance(500)
    expect(ada.messages.map(({ data }) => textOf(data)).sort()).toEqual(frames.map((_, index) => `m${index}`).sort())
  })

  it('that fills the session window with streams that nobody reads stops there', async () => {
    const { own } = ids()
    const streams = sessionWindowBytesFirst / streamWindowBytesFirst
    const fill = async (index: number): Promise<void> => {
      for (let at = 0; at < streamWindowBytesFirst; at += 8_192)
        rogue.frames(part({ id: own(index), offset: at, data: new Uint8Array(8_192) }))
      await world.advance(50)
    }
    for (let index = 0; index < streams; index += 1) await fill(index)
    expect(ada.ended).toEqual([])
    expect(ada.streams).toHaveLength(streams)
    rogue.frames(part({ id: own(streams), data: Uint8Array.of(1) }))
    await world.advance(100)
    expect(ada.ended).toEqual(['WIRE_FAULT'])
  })
})

describe('places for large messages', () => {
  it('are shared by all sessions of a node, and the next peer gets one when another is done', async () => {
    const rogues = [rogue, ...Array.from({ length: largeMessagesMax }, (_, index) => new Rogue(world, ada, { name: `number ${index}` }))]
    for (const each of rogues.slice(1)) await each.open()
    const id = (each: Rogue): number => (each.address < ada.address ? 0 : 1)
    for (let at = 0; at < 200_000; at += 15_000) {
      for (const each of rogues)
        each.frames({ kind: 'stream', id: id(each), offset: at, end: false, message: true, data: new Uint8Array(15_000) })
      await world.advance(100)
    }
    const granted = (): Rogue[] =>
      rogues.filter((each) => each.heard.some((frame) => frame.kind === 'streamCredit' && frame.most > messageGrantBytes))
    expect(granted()).toHaveLength(largeMessagesMax)
    granted()[0]!.frames({ kind: 'close', code: 'CLOSED', text: '' })
    await world.advance(200)
    expect(granted()).toHaveLength(largeMessagesMax + 1)
  })
})

function acknowledgeAll(): void {
  const numbers = rogue.packets.flatMap((packet) => (packet.kind === 'record' ? [packet.number] : []))
  const ranges = [...new Set(numbers)]
    .sort((a, b) => b - a)
    .slice(0, 32)
    .map((number) => ({ start: number, end: number + 1 }))
  const joined: { start: number; end: number }[] = []
  for (const range of ranges) {
    const last = joined.at(-1)
    if (last && last.start === range.end) last.start = range.start
    else joined.push({ ...range })
  }
  rogue.frames({ kind: 'ack', delayMs: 0, ranges: joined })
}

function grantOf(id: number): number {
  return Math.max(0, ...rogue.heard.map((frame) => (frame.kind === 'streamCredit' && frame.id === id ? frame.most : 0)))
}
