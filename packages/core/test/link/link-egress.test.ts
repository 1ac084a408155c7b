import { describe, expect, it } from 'vitest'
import type { NoiseCipher } from '../../src/crypto/noise.ts'
import { FramePort } from '../../src/link/frame-port.ts'
import { aloneBytesMin, egressBytesMax, LinkEgress } from '../../src/link/link-egress.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { encodeItemFrame, frameKinds, readItems } from '../../src/wire/link-frame.ts'

function egress(copiesMessages?: boolean) {
  const clock = new VirtualClock()
  const sent: Uint8Array[] = []
  const keep = (frame: Uint8Array): Uint8Array => (copiesMessages ? frame.slice() : frame)
  const channel = {
    carries: 'frames',
    copiesMessages,
    bufferedBytes: 0,
    room: true,
    last: undefined as ArrayBufferLike | undefined,
    send: (frame: Uint8Array) => ((channel.last = frame.buffer), sent.push(keep(frame)), channel.room),
  }
  const port = new FramePort(channel as never, {} as never)
  const cipher = { seal: (plain: Uint8Array) => plain } as unknown as NoiseCipher
  const link = new LinkEgress(port, cipher, clock, ({ message }) => expect.unreachable(message))
  const lengths = (): number[] => sent.flatMap((frame) => (readItems(frame.subarray(1)) as Uint8Array[]).map(({ length }) => length))
  return { clock, sent, channel, link, lengths }
}

describe('what leaves a link', () => {
  it('a large packet that came alone leaves in the frame that brought it, small ones are copied', () => {
    const { clock, link, sent } = egress()
    const frames = [aloneBytesMin, aloneBytesMin - 1].map((length) => encodeItemFrame(frameKinds.packets, new Uint8Array(length).fill(7)))
    for (const frame of frames) expect(link.pass((readItems(frame.subarray(1)) as Uint8Array[])[0]!, frame)).toBe(true)
    clock.runUntilIdle()
    expect(sent[0]).toBe(frames[0])
    expect(sent[1]).not.toBe(frames[1])
    expect(sent[1]).toEqual(frames[1])
  })

  it('LK8 packets leave in the order in which they were given, large or small, and while the channel is full', () => {
    const { clock, link, channel, lengths } = egress()
    const given = [10, 20_000, 30, 40, 9_000, 50, 60_000 - 1, 70, 8_192, 80]
    channel.room = false
    for (const length of given) expect(link.packet(new Uint8Array(length))).toBe(true)
    clock.runUntilIdle()
    expect(lengths()).toEqual([10])
    channel.room = true
    link.drained()
    clock.runUntilIdle()
    expect(lengths()).toEqual(given)
  })

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

  it.each([true, false])('frames are used again where the channel copies them (%s), and nowhere else', (copiesMessages) => {
    const { clock, link, channel, sent } = egress(copiesMessages)
    const buffers = new Set<ArrayBufferLike | undefined>()
    const packets = Array.from({ length: 20 }, (_, index) => new Uint8Array(aloneBytesMin + index).fill(index))
    for (const packet of packets) {
      link.packet(packet)
      buffers.add(channel.last)
    }
    expect(buffers.size).toBe(copiesMessages ? 1 : packets.length)
    channel.room = false
    for (const packet of packets) link.packet(packet)
    channel.room = true
    link.drained()
    clock.runUntilIdle()
    expect(sent.map((frame) => (readItems(frame.subarray(1)) as Uint8Array[])[0])).toEqual([...packets, ...packets])
  })

  it('a frame that was passed on belongs to who brought it', () => {
    const { link, channel } = egress(true)
    const frame = encodeItemFrame(frameKinds.packets, new Uint8Array(17_408))
    link.pass(frame.subarray(4), frame)
    expect(channel.last).toBe(frame.buffer)
    link.packet(new Uint8Array(17_000))
    expect(channel.last).not.toBe(frame.buffer)
  })
})
