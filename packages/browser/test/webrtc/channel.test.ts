import type { CloseReason } from '@hopmesh/core'
import { VirtualClock } from '@hopmesh/core/testing'
import { describe, expect, test } from 'vitest'
import { WebRtcChannel } from '../../src/webrtc/channel.ts'
import { closingTimeoutMs, highWaterBytes, lowWaterBytes, messageBytesMax } from '../../src/webrtc/limits.ts'
import { FakePeer } from './fake-peer.ts'

interface Opened {
  readonly channel: WebRtcChannel
  readonly peer: FakePeer
  readonly clock: VirtualClock
  readonly heard: { messages: Uint8Array[]; drains: number; ends: CloseReason[] }
}

function opened(held = 0): Opened {
  const clock = new VirtualClock()
  const peer = new FakePeer({ initiator: true, trickle: true, objectMode: true, config: {} })
  const channel = new WebRtcChannel(peer, { clock, role: 'dialer' })
  const { _channel: data } = peer
  peer.readableLength = held
  channel.connected(data, Uint8Array.of(1))
  const heard: Opened['heard'] = { messages: [], drains: 0, ends: [] }
  channel.start({
    message: (bytes) => heard.messages.push(bytes),
    drained: () => {
      heard.drains += 1
    },
    closed: (reason) => heard.ends.push(reason),
  })
  return { channel, peer, clock, heard }
}

describe('a WebRTC channel', () => {
  test('sends until 1 MiB waits, and drains at 256 KiB', () => {
    const { channel, peer, heard } = opened()
    const message = new Uint8Array(messageBytesMax)
    const answers = Array.from({ length: highWaterBytes / messageBytesMax + 1 }, () => channel.send(message))
    expect(answers.indexOf(false)).toBe(answers.length - 1)
    expect(peer.channel.bufferedAmountLowThreshold).toBe(lowWaterBytes)
    expect(channel.bufferedBytes).toBeGreaterThan(highWaterBytes)
    peer.channel.bufferedAmount = lowWaterBytes + 1
    peer.channel.dispatchEvent(new Event('bufferedamountlow'))
    expect(heard.drains).toBe(0)
    peer.channel.bufferedAmount = lowWaterBytes
    peer.channel.dispatchEvent(new Event('bufferedamountlow'))
    peer.channel.dispatchEvent(new Event('bufferedamountlow'))
    expect(heard.drains).toBe(1)
  })

  test('hands out plain Uint8Array views of the bytes that simple-peer delivers', () => {
    const { peer, heard } = opened()
    const buffer = Buffer.from([9, 1, 2, 3, 9]).subarray(1, 4)
    peer.happen('data', buffer)
    expect(heard.messages).toEqual([Uint8Array.of(1, 2, 3)])
    expect(Object.getPrototypeOf(heard.messages[0])).toBe(Uint8Array.prototype)
  })

  test('takes messages from the data channel itself, unless simple-peer holds earlier ones', () => {
    const { peer, heard } = opened()
    const message = (): MessageEvent => new MessageEvent('message', { data: Uint8Array.of(4, 5).buffer })
    peer.channel.dispatchEvent(message())
    expect(heard.messages).toEqual([Uint8Array.of(4, 5)])
    expect(peer.channel.onmessage).toBeNull()
    const late = opened(1)
    late.peer.channel.dispatchEvent(message())
    expect(late.heard.messages).toEqual([])
    expect(late.peer.channel.onmessage).not.toBeNull()
  })

  test.each([
    ['text', 'hello', /text/],
    ['too much', new Uint8Array(messageBytesMax + 1), /65537 bytes/],
  ])('%s from the other side ends it', async (_, data, why) => {
    const { peer, clock, heard } = opened()
    peer.happen('data', data)
    await clock.advance(1)
    expect(heard.ends).toEqual([{ code: 'lost', detail: expect.stringMatching(why) as unknown }])
    expect(peer.destroyed).toBe(true)
  })

  test("the other side's ordinary close is no loss, though simple-peer calls it an error", async () => {
    const { peer, clock, heard } = opened()
    peer.fail('ERR_DATA_CHANNEL', 'User-Initiated Abort, reason=Close called')
    await clock.advance(1)
    expect(heard.ends.map(({ code }) => code)).toEqual(['remote'])
  })

  test('a failed connection is a loss', async () => {
    const { peer, clock, heard } = opened()
    peer.fail('ERR_CONNECTION_FAILURE', 'Connection failed.')
    await clock.advance(1)
    expect(heard.ends).toEqual([{ code: 'lost', detail: 'Connection failed. (ERR_CONNECTION_FAILURE)' }])
  })

  test('a browser that takes no more ends it: nothing is lost silently', async () => {
    const { channel, peer, clock, heard } = opened()
    peer.channel.throws = new Error('send queue is full')
    expect(channel.send(Uint8Array.of(1))).toBe(false)
    await clock.advance(1)
    expect(heard.ends.map(({ code }) => code)).toEqual(['lost'])
  })

  test('close lets the data channel finish first, and destroys at the latest after its time', async () => {
    const { channel, peer, clock, heard } = opened()
    channel.close('done')
    channel.close('again')
    await clock.advance(closingTimeoutMs - 1)
    expect([peer.channel.closes, peer.destroyed]).toEqual([1, false])
    expect(heard.ends).toEqual([{ code: 'local', detail: 'done' }])
    await clock.advance(1)
    expect(peer.destroyed).toBe(true)
  })

  test('closeNow does not wait', async () => {
    const { channel, peer, clock, heard } = opened()
    channel.closeNow('the page was left')
    expect(peer.destroyed).toBe(true)
    await clock.advance(1)
    expect(heard.ends).toEqual([{ code: 'local', detail: 'the page was left' }])
  })
})
