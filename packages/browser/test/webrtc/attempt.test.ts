import { MeshError } from '@hopmesh/core'
import type { Channel } from '@hopmesh/core'
import { VirtualClock } from '@hopmesh/core/testing'
import { describe, expect, test } from 'vitest'
import { watchPageLife } from '../../src/page-life.ts'
import { WebRtcAttempt } from '../../src/webrtc/attempt.ts'
import { attemptTimeoutMs, signalsMax } from '../../src/webrtc/limits.ts'
import { LateAttempt } from '../../src/webrtc/late-attempt.ts'
import { webRtcDialer } from '../../src/webrtc/dialer.ts'
import { FakePeer } from './fake-peer.ts'

const offer = JSON.stringify({ type: 'offer', sdp: 'v=0' })
const answer = JSON.stringify({ type: 'answer', sdp: 'v=0' })
const candidate = JSON.stringify({ type: 'candidate', candidate: { candidate: 'c', sdpMid: '0' } })

interface Tried {
  readonly attempt: LateAttempt
  readonly clock: VirtualClock
  readonly sent: string[]
  readonly window: EventTarget
  /** simple-peer, once it is loaded. */
  peer(): Promise<FakePeer>
}

function tried(role: 'dialer' | 'listener', load = async (): Promise<typeof FakePeer> => FakePeer): Tried {
  FakePeer.made.length = 0
  const clock = new VirtualClock()
  const sent: string[] = []
  const window = new EventTarget()
  const life = watchPageLife(window)
  const attempt = new LateAttempt(async () => {
    const Peer = await load()
    return () => new WebRtcAttempt({ role, send: (signal) => sent.push(signal) }, { clock, iceServers: [{ urls: 'stun:a' }], life, Peer })
  })
  const peer = async (): Promise<FakePeer> => {
    for (let turn = 0; turn < 10 && FakePeer.made.length === 0; turn += 1) await Promise.resolve()
    return FakePeer.made[0] as FakePeer
  }
  return { attempt, clock, sent, window, peer }
}

async function failureOf(channel: Promise<Channel>): Promise<MeshError> {
  try {
    await channel
  } catch (error) {
    if (error instanceof MeshError) return error
    throw error
  }
  throw new Error('it succeeded')
}

describe('an attempt at a WebRTC link', () => {
  test('the dialer makes the offer, with the given ICE servers; signals leave as JSON', async () => {
    const { peer, sent } = tried('dialer')
    const made = await peer()
    expect(made.options).toMatchObject({ initiator: true, trickle: true, config: { iceServers: [{ urls: 'stun:a' }] } })
    made.happen('signal', { type: 'offer', sdp: 'v=0' })
    expect(sent).toEqual([offer])
  })

  test('ends with a channel of its role, bound to the fingerprints with the initiator first', async () => {
    const bound = async (role: 'dialer' | 'listener'): Promise<[string, string]> => {
      const { attempt, peer } = tried(role)
      ;(await peer()).happen('connect')
      const channel = await attempt.channel
      return [channel.role, new TextDecoder().decode(channel.binding)]
    }
    expect(await bound('dialer')).toEqual(['dialer', 'sha-256 AA\n\nsha-256 BB'])
    expect(await bound('listener')).toEqual(['listener', 'sha-256 BB\n\nsha-256 AA'])
  })

  test('signals that come before simple-peer is loaded are kept, in order', async () => {
    const { attempt, peer } = tried('listener')
    attempt.signal(offer)
    attempt.signal(candidate)
    expect((await peer()).signals.map(({ type }) => type)).toEqual(['offer', 'candidate'])
  })

  test('takes one description of the other kind, and candidates up to the bound', async () => {
    const { attempt, peer } = tried('dialer')
    const made = await peer()
    for (const signal of [offer, answer, answer, 'nonsense']) attempt.signal(signal)
    expect(made.signals.map(({ type }) => type)).toEqual(['answer'])
    for (let index = 0; index < 2 * signalsMax; index += 1) attempt.signal(candidate)
    expect(made.signals.length).toBe(signalsMax)
  })

  test('signals after the end are dropped without a sound', async () => {
    const { attempt, peer, sent } = tried('dialer')
    const made = await peer()
    attempt.cancel()
    expect((await failureOf(attempt.channel)).code).toBe('ABORTED')
    expect(made.destroyed).toBe(true)
    attempt.signal(answer)
    made.happen('signal', { type: 'candidate' })
    expect([made.signals, sent]).toEqual([[], []])
  })

  test('what is loaded too slowly does not lose its place: signals up to the bound, in order, and no more', async () => {
    let loaded = (_: typeof FakePeer): void => {}
    const { attempt, peer } = tried('listener', () => new Promise((resolve) => (loaded = resolve)))
    attempt.signal(offer)
    for (let index = 0; index < 2 * signalsMax; index += 1) attempt.signal(candidate)
    loaded(FakePeer)
    const made = await peer()
    expect([made.signals.length, made.signals[0]?.type]).toEqual([signalsMax, 'offer'])
  })

  test('a cancelled attempt whose simple-peer is still loading makes no connection', async () => {
    const { attempt, peer } = tried('dialer')
    attempt.cancel()
    await failureOf(attempt.channel)
    expect(await peer()).toBeUndefined()
  })

  test('a page that is left destroys it', async () => {
    const { attempt, peer, window } = tried('dialer')
    const made = await peer()
    window.dispatchEvent(new Event('pagehide'))
    expect(made.destroyed).toBe(true)
    expect((await failureOf(attempt.channel)).code).toBe('LINK_FAILED')
  })
})

describe('LINK_FAILED says which step failed', () => {
  const afterTime = async ({ attempt, clock, peer }: Tried, signals: readonly string[]): Promise<MeshError> => {
    const made = await peer()
    for (const signal of signals) attempt.signal(signal)
    made.happen('iceStateChange', 'checking', 'complete')
    await clock.advance(attemptTimeoutMs)
    return failureOf(attempt.channel)
  }

  test.each([
    ['no answer', 'dialer', [], /no answer came from the other side within 15 s/],
    ['no offer', 'listener', [], /no offer came from the other side within 15 s/],
    ['no candidates', 'dialer', [answer], /the other side named no candidate within 15 s/],
    ['no path', 'dialer', [answer, candidate], /no path between the two sides was found within 15 s \(ICE is 'checking'\)/],
  ] as const)('%s', async (_, role, signals, message) => {
    const error = await afterTime(tried(role), signals)
    expect(error.code).toBe('LINK_FAILED')
    expect(error.message).toMatch(message)
    expect(error.tried).toHaveLength(1)
  })

  test.each([
    ['ERR_ICE_CONNECTION_FAILURE', 'Ice connection failed.', /ICE failed, no path/],
    ['ERR_SET_REMOTE_DESCRIPTION', 'bad sdp', /refused the description of the other side \(bad sdp\)/],
    ['ERR_PC_CONSTRUCTOR', 'too many', /makes no more peer connections/],
    ['ERR_SOMETHING_NEW', 'a new reason', /a new reason/],
  ])('%s', async (code, message, words) => {
    const { attempt, peer } = tried('dialer')
    ;(await peer()).fail(code, message)
    expect((await failureOf(attempt.channel)).message).toMatch(words)
  })

  test('simple-peer that does not load', async () => {
    const { attempt } = tried('dialer', () => Promise.reject(new Error('offline')))
    const error = await failureOf(attempt.channel)
    expect([error.code, error.message]).toEqual(['LINK_FAILED', expect.stringMatching(/could not be loaded/)])
  })

  test('a browser that makes no connection at all', async () => {
    class Impossible extends FakePeer {
      constructor(options: FakePeer['options']) {
        super(options)
        throw new Error('No WebRTC support')
      }
    }
    const { attempt } = tried('dialer', async () => Impossible)
    const error = await failureOf(attempt.channel)
    expect([error.code, error.message]).toEqual(['LINK_FAILED', expect.stringMatching(/makes no peer connection/)])
  })

  test('descriptions without a fingerprint', async () => {
    const { attempt, peer } = tried('dialer')
    const made = await peer()
    made.descriptions = { own: 'v=0', other: 'v=0' }
    made.happen('connect')
    expect((await failureOf(attempt.channel)).message).toMatch(/no DTLS fingerprint/)
    expect(made.destroyed).toBe(true)
  })
})

test('without RTCPeerConnection there is no dialer, and no error', () => {
  expect(webRtcDialer({ clock: new VirtualClock(), iceServers: [] })).toBeUndefined()
})
