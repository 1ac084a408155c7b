import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ReceiveStream } from '../../src/session/receive-stream.ts'
import { RecordDraft, type SentFrame } from '../../src/session/record-draft.ts'
import { SendQueue } from '../../src/session/send-queue.ts'
import { SendStream, type StreamPiece } from '../../src/session/send-stream.ts'
import { decodeFrames, type StreamFrame } from '../../src/session/session-frames.ts'
import { messageFreeBytes, sessionPacketBytesMax, streamHolesMax, streamWindowBytesFirst } from '../../src/session/session-limits.ts'
import { SeededDice } from '../../src/testing/seeded-dice.ts'
import { isWireFault, WireFault } from '../../src/wire/wire-fault.ts'

function frameAt(offset: number, data: readonly number[] | Uint8Array, end = false): StreamFrame {
  return { kind: 'stream', id: 0, offset, end, message: false, data: Uint8Array.from(data) }
}

function patternOf(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 7) >>> 2)
}

function taken(stream: ReceiveStream): number[] {
  const bytes: number[] = []
  for (let part = stream.take(); part; part = stream.take()) bytes.push(...part)
  return bytes
}

describe('the receiving half of a stream', () => {
  it('puts pieces together that come in any order, twice, and overlap', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 300 }),
        fc.array(fc.tuple(fc.nat(300), fc.nat(60)), { maxLength: 30 }),
        fc.infiniteStream(fc.boolean()),
        (size, pieces, reads) => {
          const all = patternOf(size)
          const stream = new ReceiveStream(0, false)
          const got: number[] = []
          for (const [start, length] of [...pieces, [0, size] as const]) {
            const from = Math.min(start, size)
            const to = Math.min(from + length, size)
            expect(isWireFault(stream.received(frameAt(from, all.subarray(from, to), to === size)))).toBe(false)
            if (reads.next().value) got.push(...taken(stream))
          }
          got.push(...taken(stream))
          expect(got).toEqual([...all])
          expect([stream.isComplete, stream.isDrained, stream.highest]).toEqual([true, true, size])
        },
      ),
      { numRuns: 300 },
    )
  })

  it('says by how much it has grown: what the session counts as credit', () => {
    const stream = new ReceiveStream(0, false)
    expect(stream.received(frameAt(10, [1, 2]))).toBe(12)
    expect(stream.received(frameAt(0, [1, 2]))).toBe(0)
    expect(stream.received(frameAt(11, [1, 2]))).toBe(1)
  })

  it('a peer that goes beyond its credit, ends twice, or writes behind its end breaks the rules', () => {
    expect(new ReceiveStream(0, false).received(frameAt(streamWindowBytesFirst, [1]))).toBeInstanceOf(WireFault)
    expect(new ReceiveStream(0, true).received(frameAt(messageFreeBytes, [1]))).toBeInstanceOf(WireFault)
    const ended = new ReceiveStream(0, false)
    expect(ended.received(frameAt(4, [1], true))).toBe(5)
    expect(ended.received(frameAt(5, [1]))).toBeInstanceOf(WireFault)
    expect(ended.received(frameAt(3, [1], true))).toBeInstanceOf(WireFault)
    expect(ended.received(frameAt(0, [1, 1, 1, 1]))).toBe(0)
    const grown = new ReceiveStream(0, false)
    grown.received(frameAt(0, [1, 2, 3]))
    expect(grown.received(frameAt(0, [1], true))).toBeInstanceOf(WireFault)
    expect(grown.resetAt(2)).toBeInstanceOf(WireFault)
    expect(grown.resetAt(5)).toBe(2)
  })

  it('holes are bounded', () => {
    const stream = new ReceiveStream(0, false)
    let fault: number | WireFault = 0
    let sent = 0
    while (!isWireFault(fault)) fault = stream.received(frameAt((sent += 2), [1]))
    expect(sent / 2).toBe(streamHolesMax + 1)
  })

  it('a million tiny pieces do not become a million objects', () => {
    const stream = new ReceiveStream(0, false)
    for (let at = 1; at < 20_000; at += 1) stream.received(frameAt(at, [at & 255]))
    stream.received(frameAt(0, [0]))
    let parts = 0
    let bytes = 0
    for (let part = stream.take(); part; part = stream.take()) {
      parts += 1
      bytes += part.length
    }
    expect(bytes).toBe(20_000)
    expect(parts).toBeLessThan(10)
  })

  it('credit is renewed once half of the window was read', () => {
    const stream = new ReceiveStream(0, false)
    expect(stream.renewCredit(streamWindowBytesFirst / 2 - 1, 1e6)).toBe(false)
    expect(stream.renewCredit(streamWindowBytesFirst / 2, 1e6)).toBe(true)
    expect(stream.credit).toBe(streamWindowBytesFirst / 2 + 2 * streamWindowBytesFirst)
  })
})

describe('the sending half of a stream', () => {
  it.each(Array.from({ length: 30 }, (_, seed) => seed))('says everything until everything arrived, whatever is lost (seed %i)', (seed) => {
    const dice = new SeededDice(`send ${seed}`)
    const send = new SendStream(2, 'normal', false)
    const receive = new ReceiveStream(2, false)
    const size = dice.between(0, 60_000)
    const all = patternOf(size)
    const flying: { frame: StreamFrame; sent: SentFrame }[] = []
    const got: number[] = []
    let written = 0
    for (let turn = 0; !send.isDone; turn += 1) {
      expect(turn).toBeLessThan(5_000)
      if (written < size) {
        const length = Math.min(size - written, dice.between(1, 9_000))
        send.write(all.subarray(written, (written += length)))
      } else send.end()
      const draft = new RecordDraft(sessionPacketBytesMax)
      const next = (): StreamPiece | undefined => send.take(draft.room, dice.between(0, 5_000))
      for (let piece = next(); piece; piece = next()) draft.addData(send, piece)
      if (!draft.isEmpty) {
        const frames = decodeFrames(draft.finish())
        if (isWireFault(frames)) throw new Error(frames.detail)
        frames.forEach((frame, index) => flying.push({ frame: frame as StreamFrame, sent: draft.sent[index]! }))
      }
      while (flying.length > dice.between(0, 6)) {
        const [{ frame, sent }] = flying.splice(dice.between(0, flying.length - 1), 1) as [
          { frame: StreamFrame; sent: SentFrame & { kind: 'stream' } },
        ]
        const arrives = dice.chance(0.7)
        if (arrives) expect(isWireFault(receive.received(frame))).toBe(false)
        for (let part = receive.take(); part; part = receive.take()) got.push(...part)
        // An acknowledgement may be lost as well: then the sender says again what arrived already.
        if (arrives && dice.chance(0.8)) send.acked(sent.offset, sent.length, sent.end)
        else send.lost(sent.offset, sent.length, sent.end)
      }
    }
    expect(receive.isDrained).toBe(true)
    expect(got).toEqual([...all])
    expect([send.unackedBytes, send.unsentBytes, send.hasRepeats]).toEqual([0, 0, false])
  })

  it('sends no more than its credit, and the rest once there is more', () => {
    const send = new SendStream(0, 'bulk', true)
    send.write(new Uint8Array(100_000))
    send.end()
    expect(send.freshBytes).toBe(messageFreeBytes)
    send.grant(50_000)
    send.grant(40_000)
    expect(send.freshBytes).toBe(50_000)
    let sent = 0
    for (let piece = send.take(1_000, Infinity); piece; piece = send.take(1_000, Infinity)) sent += piece.fresh
    expect(sent).toBe(50_000)
    expect([send.hasRepeats, send.unsentBytes]).toEqual([false, 50_000])
  })

  it('after a reset nothing leaves any more', () => {
    const send = new SendStream(0, 'bulk', false)
    send.write(new Uint8Array(100))
    send.take(1_000, 60)
    send.reset(7)
    send.lost(0, 60, false)
    expect(send.take(1_000, 100)).toBeUndefined()
    expect(send.resetFrame).toEqual({ code: 7, reason: new Uint8Array(), size: 60 })
    expect([send.hasRepeats, send.unsentBytes]).toEqual([false, 0])
  })
})

describe('whose turn it is', () => {
  it('urgent, normal, bulk; but of eight turns one begins with bulk', () => {
    const queue = new SendQueue()
    for (const priority of ['bulk', 'normal', 'urgent'] as const) queue.offer(new SendStream(0, priority, false))
    const firsts = Array.from({ length: 16 }, () => queue.inOrder().map(({ priority }) => priority))
    expect(firsts.filter(([first]) => first === 'urgent')).toHaveLength(14)
    expect(firsts.filter(([first]) => first === 'bulk')).toHaveLength(2)
    expect(firsts[0]).toEqual(['urgent', 'normal', 'bulk'])
  })

  it('of one class, streams take turns', () => {
    const queue = new SendQueue()
    const [first, second] = [new SendStream(0, 'normal', false), new SendStream(2, 'normal', false)]
    queue.offer(first)
    queue.offer(second)
    queue.rotate(first)
    expect(queue.inOrder()).toEqual([second, first])
    queue.remove(second)
    queue.rotate(second)
    expect(queue.inOrder()).toEqual([first])
    expect(queue.isEmpty).toBe(false)
  })
})
