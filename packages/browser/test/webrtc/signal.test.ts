import { describe, expect, test } from 'vitest'
import { signalCharsMax } from '../../src/webrtc/limits.ts'
import { readSignal } from '../../src/webrtc/signal.ts'

describe('signals from another member', () => {
  test('an offer, an answer and a candidate are read, and nothing beside what they need', () => {
    expect(readSignal('{"type":"offer","sdp":"v=0","more":1}')).toEqual({ type: 'offer', sdp: 'v=0' })
    expect(readSignal('{"type":"answer","sdp":"v=0"}')).toEqual({ type: 'answer', sdp: 'v=0' })
    expect(readSignal('{"type":"candidate","candidate":{"candidate":"c","sdpMLineIndex":0,"sdpMid":"0","usernameFragment":"x"}}')).toEqual({
      type: 'candidate',
      candidate: { candidate: 'c', sdpMLineIndex: 0, sdpMid: '0' },
    })
  })

  test.each([
    '',
    'null',
    '[]',
    '"offer"',
    '{',
    '{"type":"offer"}',
    '{"type":"offer","sdp":7}',
    '{"type":"rollback","sdp":"v=0"}',
    '{"renegotiate":true,"type":"renegotiate"}',
    '{"type":"transceiverRequest","transceiverRequest":{"kind":"video"}}',
    '{"type":"candidate"}',
    '{"type":"candidate","candidate":"c"}',
    '{"type":"candidate","candidate":{"candidate":"c"}}',
    '{"type":"candidate","candidate":{"candidate":"c","sdpMid":{}}}',
  ])('%s is not one', (text) => {
    expect(readSignal(text)).toBeUndefined()
  })

  test('a signal beyond the bound is not even parsed', () => {
    const sdp = 'x'.repeat(signalCharsMax)
    expect(readSignal(JSON.stringify({ type: 'offer', sdp }))).toBeUndefined()
  })
})
