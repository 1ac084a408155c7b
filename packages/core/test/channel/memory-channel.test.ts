import { describe, expect, it } from 'vitest'
import type { Channel, CloseReason } from '../../src/channel/channel.ts'
import { keptMessagesMax } from '../../src/channel/inbox.ts'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

function record(channel: Channel): { messages: string[]; ends: CloseReason[]; drains: number } {
  const heard = { messages: [] as string[], ends: [] as CloseReason[], drains: 0 }
  channel.start({
    message: (bytes) => heard.messages.push(new TextDecoder().decode(bytes)),
    drained: () => (heard.drains += 1),
    closed: (reason) => heard.ends.push(reason),
  })
  return heard
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value)

describe('memory channel', () => {
  it('ALN-42 takes its latency from the clock and keeps order', () => {
    const clock = new VirtualClock()
    const [dialer, listener] = memoryChannelPair(clock, { latencyMs: 20 })
    const heard = record(listener)
    dialer.send(text('a'))
    clock.runFor(15)
    dialer.send(text('b'))
    clock.runFor(5)
    expect(heard.messages).toEqual(['a'])
    clock.runFor(15)
    expect(heard.messages).toEqual(['a', 'b'])
  })

  it('ALN-42 a receiver that throws loses its channel and nothing else', () => {
    const clock = new VirtualClock()
    const [dialer, listener] = memoryChannelPair(clock)
    const ends: CloseReason[] = []
    listener.start({
      message: () => {
        throw new Error('no')
      },
      drained: () => {},
      closed: (reason) => ends.push(reason),
    })
    const dialed = record(dialer)
    dialer.send(text('a'))
    dialer.send(text('b'))
    clock.runUntilIdle()
    expect(ends).toEqual([{ code: 'lost', detail: 'the receiver threw: no' }])
    expect(dialed.ends.map((end) => end.code)).toEqual(['lost'])
  })

  it('ALN-42 who was told that it is full hears of room, also when it sent little in between', () => {
    const clock = new VirtualClock()
    const [dialer, listener] = memoryChannelPair(clock, { latencyMs: 20, highWaterBytes: 1_000 })
    record(listener)
    const heard = record(dialer)
    expect(dialer.send(new Uint8Array(600))).toBe(true)
    clock.runFor(10)
    expect(dialer.send(new Uint8Array(600))).toBe(false)
    clock.runFor(10)
    expect(dialer.bufferedBytes).toBe(600)
    expect(dialer.send(new Uint8Array(100))).toBe(false)
    clock.runFor(30)
    expect(heard.drains).toBe(1)
  })

  it('ALN-42 what arrives before start is bounded: beyond it the channel is lost, with no gap before', () => {
    const clock = new VirtualClock()
    const [dialer, listener] = memoryChannelPair(clock)
    const dialed = record(dialer)
    for (let index = 0; index <= keptMessagesMax; index += 1) dialer.send(text(`${index}`))
    clock.runUntilIdle()
    const heard = record(listener)
    clock.runUntilIdle()
    expect(heard.messages).toEqual(Array.from({ length: keptMessagesMax }, (_, index) => `${index}`))
    expect([...heard.ends, ...dialed.ends].map((end) => end.code)).toEqual(['lost', 'lost'])
  })

  it('ALN-42 chunks of a stream are joined while they wait for start', () => {
    const clock = new VirtualClock()
    const [dialer, listener] = memoryChannelPair(clock, { carries: 'stream' })
    const sent = 'x'.repeat(1_000)
    for (const letter of sent) dialer.send(text(letter))
    clock.runUntilIdle()
    const heard = record(listener)
    clock.runUntilIdle()
    expect(heard.messages.join('')).toBe(sent)
    expect(heard.ends).toEqual([])
  })
})
