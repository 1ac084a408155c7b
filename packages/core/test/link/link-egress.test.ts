import { describe, expect, it } from 'vitest'
import type { NoiseCipher } from '../../src/crypto/noise.ts'
import { FramePort } from '../../src/link/frame-port.ts'
import { aloneBytesMin, egressBytesMax, LinkEgress } from '../../src/link/link-egress.ts'
import type { Awaitable } from '../../src/ports/crypto.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { encodeItemFrame, frameKinds, linkFrameBytesMax, readItems } from '../../src/wire/link-frame.ts'

interface Kind {
  readonly copiesMessages?: boolean
}
const keeping: Kind = {}
const copying: Kind = { copiesMessages: true }

function egress(kind: Kind = keeping, seal: (plain: Uint8Array) => Awaitable<Uint8Array> = (plain) => plain) {
  const clock = new VirtualClock()
  const sent: Uint8Array[] = []
  const keep = (frame: Uint8Array): Uint8Array => (kind.copiesMessages ? frame.slice() : frame)
  const channel = {
    carries: 'frames',
    ...kind,
    bufferedBytes: 0,
    room: true,
    last: undefined as ArrayBufferLike | undefined,
    send: (frame: Uint8Array) => ((channel.last = frame.buffer), sent.push(keep(frame)), channel.room),
  }
  const port = new FramePort(channel as never, {} as never)
  const cipher = { seal } as unknown as NoiseCipher
  const link = new LinkEgress(port, cipher, clock, ({ message }) => expect.unreachable(message))
  /** Of the packets of each frame; nothing for one that is none of packets. */
  const frames = (): number[][] => sent.map((frame) => (frame[0] === frameKinds.packets ? itemsOf(frame).map(({ length }) => length) : []))
  const lengths = (): number[] => frames().flat()
  return { clock, sent, channel, link, frames, lengths }
}

function itemsOf(frame: Uint8Array): Uint8Array[] {
  return readItems(frame.subarray(1)) as Uint8Array[]
}

describe('what leaves a link', () => {
  it('a large packet that came alone leaves in the frame that brought it, small ones are copied', () => {
    const { clock, link, sent } = egress()
    const frames = [aloneBytesMin, aloneBytesMin - 1].map((length) => encodeItemFrame(frameKinds.packets, new Uint8Array(length).fill(7)))
    for (const frame of frames) expect(link.pass(itemsOf(frame)[0]!, frame)).toBe(true)
    clock.runUntilIdle()
    expect(sent[0]).toBe(frames[0])
    expect(sent[1]).not.toBe(frames[1])
    expect(sent[1]).toEqual(frames[1])
  })

  it.each([keeping, copying])(
    'LK8 packets leave in the order in which they were given, large or small, and while the channel is full: %o',
    (kind) => {
      const { clock, link, channel, lengths } = egress(kind)
      const given = [10, 20_000, 30, 40, 9_000, 50, 60_000 - 1, 70, 8_192, 80]
      channel.room = false
      for (const length of given) expect(link.packet(new Uint8Array(length))).toBe(true)
      clock.runUntilIdle()
      // What came first has left, and found the channel full.
      expect(lengths()).toEqual([10])
      channel.room = true
      link.drained()
      clock.runUntilIdle()
      expect(lengths()).toEqual(given)
    },
  )

  it('LK8 large packets do not overtake the control message that was given before them', async () => {
    const sealing: (() => void)[] = []
    const { clock, link, frames, sent } = egress(copying, (plain) => new Promise((resolve) => sealing.push(() => resolve(plain))))
    link.packet(new Uint8Array(20_000))
    link.flush()
    link.control({ type: 'ping', nonce: 7, told: { hash: 0, count: 0 } })
    link.flush()
    for (const length of [20_001, 50, 20_002]) link.packet(new Uint8Array(length))
    clock.runUntilIdle()
    expect(frames()).toEqual([[20_000]])
    sealing[0]!()
    await new Promise((resolve) => setTimeout(resolve))
    clock.runUntilIdle()
    expect(sent.map(([kind]) => kind)).toEqual([
      frameKinds.packets,
      frameKinds.control,
      frameKinds.packets,
      frameKinds.packets,
      frameKinds.packets,
    ])
    expect(frames().slice(2)).toEqual([[20_001], [50], [20_002]])
  })

  it('what waits for a full channel is in frames of which none is in the buffer of another', () => {
    const { clock, link, channel, sent } = egress(copying)
    const packets = Array.from({ length: 60 }, (_, index) => new Uint8Array(16_400).fill(index))
    const round = (): void => {
      channel.room = false
      sent.length = 0
      for (const packet of packets) expect(link.packet(packet)).toBe(true)
      clock.runUntilIdle()
      expect(sent).toHaveLength(1)
      channel.room = true
      link.drained()
      clock.runUntilIdle()
      expect(sent).toHaveLength(packets.length)
      const arrived = sent.flatMap(itemsOf)
      expect(arrived.every((packet, index) => packet.length === 16_400 && packet.every((byte) => byte === index))).toBe(true)
    }
    // The second one in buffers of the first.
    round()
    round()
  })

  it.each([keeping, copying].flatMap((kind) => [100, 16_400].map((bytesMax) => ({ ...kind, bytesMax }))))(
    'what waits for a full channel is bounded, of whatever sizes: %o',
    ({ bytesMax, ...kind }) => {
      const { clock, link, channel, sent } = egress(kind)
      channel.room = false
      const given = Array.from(
        { length: (3 * egressBytesMax) / bytesMax },
        (_, index) => 1 + bytesMax / 2 + ((index * 7_919) % (bytesMax / 2)),
      )
      const taken = given.filter((length) => link.packet(new Uint8Array(length))).length
      expect(link.full).toBe(true)
      expect(link.heldBytes).toBeLessThan(egressBytesMax + linkFrameBytesMax)
      channel.room = true
      link.drained()
      clock.runUntilIdle()
      expect(sent.flatMap(itemsOf)).toHaveLength(taken)
      expect(link.heldBytes).toBe(0)
    },
  )

  it('what waits for a full channel is bounded, and shares no memory with what brought it', () => {
    const { clock, link, channel, sent } = egress()
    channel.room = false
    const frame = encodeItemFrame(frameKinds.packets, new Uint8Array(16_384))
    let taken = 0
    while (link.pass(frame.subarray(4), frame)) taken++
    expect(taken * frame.length).toBeLessThan(egressBytesMax + 2 * frame.length)
    expect(taken * frame.length).toBeGreaterThan(egressBytesMax - frame.length)
    channel.room = true
    link.drained()
    clock.runUntilIdle()
    expect(sent).toHaveLength(taken)
    expect(sent.filter(({ buffer }) => buffer === frame.buffer)).toHaveLength(1)
  })

  it.each([keeping, copying])('frames are used again where the channel copies them, and nowhere else: %o', (kind) => {
    const { clock, link, channel, sent } = egress(kind)
    const buffers = new Set<ArrayBufferLike | undefined>()
    const packets = Array.from({ length: 20 }, (_, index) => new Uint8Array(aloneBytesMin + index).fill(index))
    for (const packet of packets) {
      link.packet(packet)
      link.flush()
      buffers.add(channel.last)
    }
    expect(buffers.size).toBe(kind.copiesMessages ? 1 : packets.length)
    channel.room = false
    for (const packet of packets) link.packet(packet)
    channel.room = true
    link.drained()
    clock.runUntilIdle()
    expect(sent.flatMap(itemsOf)).toEqual([...packets, ...packets])
  })

  it('a frame that was passed on belongs to who brought it', () => {
    const { link, channel } = egress(copying)
    const frame = encodeItemFrame(frameKinds.packets, new Uint8Array(17_408))
    link.pass(frame.subarray(4), frame)
    expect(channel.last).toBe(frame.buffer)
    link.packet(new Uint8Array(17_000))
    expect(channel.last).not.toBe(frame.buffer)
  })
})
