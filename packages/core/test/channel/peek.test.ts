import { describe, expect, it } from 'vitest'
import type { Channel } from '../../src/channel/channel.ts'
import { memoryChannelPair } from '../../src/channel/memory-channel.ts'
import { peekFirstMessage } from '../../src/channel/peek.ts'
import type { PeekedChannel } from '../../src/channel/peek.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

function start(channel: Channel): string[] {
  const heard: string[] = []
  channel.start({
    message: (bytes) => heard.push(`message ${bytes.join()}`),
    drained: () => heard.push('drained'),
    closed: (reason) => heard.push(`closed ${reason.code}`),
  })
  return heard
}

async function settled(clock: VirtualClock, peeking: Promise<PeekedChannel>, withinMs: number): Promise<PeekedChannel> {
  let peeked: PeekedChannel | undefined
  void peeking.then((value) => (peeked = value))
  await clock.advance(withinMs)
  if (peeked === undefined) throw new Error(`Nothing after ${withinMs} ms`)
  return peeked
}

describe('peekFirstMessage', () => {
  it('ALN-40 shows the first message and replays it with what came meanwhile', async () => {
    const clock = new VirtualClock()
    const [dialer, listener] = memoryChannelPair(clock, { latencyMs: 5 })
    const peeking = peekFirstMessage(listener, { clock, timeoutMs: 1_000 })
    dialer.send(Uint8Array.of(1))
    dialer.send(Uint8Array.of(2))
    const { message, channel } = await settled(clock, peeking, 5)
    expect(message).toEqual(Uint8Array.of(1))
    dialer.send(Uint8Array.of(3))
    await clock.advance(5)
    const heard = start(channel)
    expect(heard).toEqual([])
    await clock.advance(0)
    dialer.send(Uint8Array.of(4))
    await clock.advance(5)
    expect(heard).toEqual(['message 1', 'message 2', 'message 3', 'message 4'])
  })

  it('ALN-40 gives up at the timeout and leaves the channel whole', async () => {
    const clock = new VirtualClock()
    const [dialer, listener] = memoryChannelPair(clock)
    const { message, channel } = await settled(clock, peekFirstMessage(listener, { clock, timeoutMs: 200 }), 200)
    expect(message).toBeUndefined()
    const heard = start(channel)
    dialer.send(Uint8Array.of(7))
    dialer.close()
    await clock.advance(1)
    expect(heard).toEqual(['message 7', 'closed remote'])
  })

  it('ALN-40 an end before the first message is seen at once and told to the receiver', async () => {
    const clock = new VirtualClock()
    const [dialer, listener] = memoryChannelPair(clock)
    dialer.close()
    const { message, channel } = await settled(clock, peekFirstMessage(listener, { clock, timeoutMs: 60_000 }), 1)
    expect(message).toBeUndefined()
    const heard = start(channel)
    await clock.advance(1)
    expect(heard).toEqual(['closed remote'])
    expect(clock.waiting).toBe(0)
  })

  it('ALN-40 an abort stops the waiting', async () => {
    const clock = new VirtualClock()
    const [dialer, listener] = memoryChannelPair(clock)
    const abort = new AbortController()
    const peeking = peekFirstMessage(listener, { clock, timeoutMs: 60_000, signal: abort.signal })
    abort.abort()
    const { message, channel } = await settled(clock, peeking, 0)
    expect(message).toBeUndefined()
    const heard = start(channel)
    dialer.send(Uint8Array.of(1))
    await clock.advance(0)
    expect(heard).toEqual(['message 1'])
  })
})
