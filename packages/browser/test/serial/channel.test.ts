import type { Channel, Clock, CloseReason } from '@hopmesh/core'
import { VirtualClock, channelContractCasesFor } from '@hopmesh/core/testing'
import type { ChannelWorld } from '@hopmesh/core/testing'
import { describe, expect, test } from 'vitest'
import { closingTimeoutMs, writeTimeoutMs } from '../../src/devices/limits.ts'
import { openSerialChannel } from '../../src/serial/channel.ts'
import { highWaterBytes, lowWaterBytes, writeBytesMax } from '../../src/serial/limits.ts'
import { realClock } from '../devices/real-clock.ts'
import { FakeBoard, FakePort } from './fake-port.ts'

/** Streams settle over several turns. */
function turnClock(): VirtualClock {
  return new VirtualClock({
    async settle() {
      for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve))
    },
  })
}

function open(port: FakePort, clock: Clock, signal: AbortSignal = new AbortController().signal): Promise<Channel> {
  return openSerialChannel(port, { clock, name: 'USB 2341:0043', signal })
}

async function opened(port: FakePort): Promise<{ channel: Channel; clock: VirtualClock; messages: Uint8Array[]; ends: CloseReason[] }> {
  const clock = turnClock()
  const channel = await open(port, clock)
  const heard = { messages: [] as Uint8Array[], ends: [] as CloseReason[] }
  channel.start({ message: (bytes) => heard.messages.push(bytes), drained: () => {}, closed: (reason) => heard.ends.push(reason) })
  return { channel, clock, ...heard }
}

const world: ChannelWorld = {
  async open() {
    const port = new FakePort()
    return { dialer: await open(port, realClock), listener: new FakeBoard(port, realClock) }
  },
  wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  otherSideHears: 'lost',
}

describe('ALN-41 channel contract: serial over a fake port', () => {
  for (const one of channelContractCasesFor('stream')) test(one.title, () => one.run(world))
})

describe('ALN-43 a serial channel', () => {
  test('opens at 115 200 baud, writes in pieces, and closes the port with nobody holding its streams', async () => {
    const port = new FakePort()
    const { channel, clock, ends } = await opened(port)
    expect(port.rates).toEqual([115_200])
    channel.send(new Uint8Array(writeBytesMax + 1))
    channel.close('done')
    await clock.advance(10)
    expect(port.writes.map(({ length }) => length)).toEqual([writeBytesMax, 1])
    expect([port.closes, port.readable]).toEqual([1, null])
    expect(ends).toEqual([{ code: 'local', detail: 'done' }])
  })

  test('can be opened again after it was closed', async () => {
    const port = new FakePort()
    const first = await opened(port)
    first.channel.close()
    await first.clock.advance(10)
    const second = await opened(port)
    port.says(Uint8Array.of(7))
    await second.clock.advance(10)
    expect(second.messages).toEqual([Uint8Array.of(7)])
  })

  test('noise on the line ends a stream, not the channel', async () => {
    const port = new FakePort()
    const { clock, messages, ends } = await opened(port)
    port.says(Uint8Array.of(1))
    await clock.advance(1)
    port.stumbles()
    await clock.advance(1)
    port.says(Uint8Array.of(2))
    await clock.advance(1)
    expect(messages).toEqual([Uint8Array.of(1), Uint8Array.of(2)])
    expect(ends).toEqual([])
  })

  test('pulled out, it is lost, once', async () => {
    const port = new FakePort()
    const { channel, clock, ends } = await opened(port)
    port.unplug()
    await clock.advance(10)
    expect(ends.map(({ code }) => code)).toEqual(['lost'])
    expect([port.closes, port.writable]).toEqual([1, null])
    expect(channel.send(Uint8Array.of(1))).toBe(false)
  })

  test('a board that takes nothing for ten seconds is lost', async () => {
    const port = new FakePort()
    port.gate = new Promise(() => {})
    const { channel, clock, ends } = await opened(port)
    channel.send(Uint8Array.of(1))
    await clock.advance(writeTimeoutMs + 1)
    expect(ends).toMatchObject([{ code: 'lost', detail: expect.stringContaining(`${writeTimeoutMs} ms`) as unknown }])
    await clock.advance(closingTimeoutMs + 10)
    expect(port.closes).toBe(1)
  })

  test('a port that another tab or program has is LINK_FAILED', async () => {
    const port = new FakePort()
    port.refuses = new DOMException('Failed to open serial port.', 'NetworkError')
    await expect(open(port, turnClock())).rejects.toMatchObject({
      code: 'LINK_FAILED',
      message: expect.stringContaining('another tab') as unknown,
    })
  })

  test('given up while it opens, the port is closed again', async () => {
    const port = new FakePort()
    const controller = new AbortController()
    const opening = open(port, turnClock(), controller.signal)
    controller.abort()
    await expect(opening).rejects.toMatchObject({ code: 'ABORTED' })
    expect(port.closes).toBe(1)
  })

  test('a page that is left lets the port go at once, without what still waits', async () => {
    const port = new FakePort()
    const clock = turnClock()
    let leave = (): void => {}
    const life = {
      track: (left: () => void) => ((leave = left), () => {}),
      onBack: () => () => {},
      onHidden: () => () => {},
      present: async () => {},
      stop: () => {},
    }
    const { signal } = new AbortController()
    const channel = await openSerialChannel(port, { clock, name: 'USB 2341:0043', signal, life })
    const ends: CloseReason[] = []
    channel.start({ message: () => {}, drained: () => {}, closed: (reason) => ends.push(reason) })
    channel.send(new Uint8Array(10 * writeBytesMax))
    leave()
    await clock.advance(10)
    expect([port.closes, channel.bufferedBytes, ends]).toEqual([1, 0, [{ code: 'local', detail: 'the page was left' }]])
    expect(port.writes.length).toBeLessThan(10)
  })

  test('answers false above its mark, and drains below the other', async () => {
    const port = new FakePort()
    const clock = turnClock()
    const channel = await open(port, clock)
    let [drains, bufferedWhenDrained] = [0, 0]
    const drained = (): void => {
      drains += 1
      bufferedWhenDrained = channel.bufferedBytes
    }
    channel.start({ message: () => {}, drained, closed: () => {} })
    expect(channel.send(new Uint8Array(highWaterBytes))).toBe(true)
    expect(channel.send(new Uint8Array(1))).toBe(false)
    await clock.advanceUntil(() => channel.bufferedBytes === 0)
    expect([drains, bufferedWhenDrained > lowWaterBytes - writeBytesMax, bufferedWhenDrained <= lowWaterBytes]).toEqual([1, true, true])
  })
})
