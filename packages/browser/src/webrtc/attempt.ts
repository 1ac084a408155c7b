// One try at a WebRTC link between two members: signals go over the mesh until a data channel is open, or until the
// step that failed can be named. Each side tries once; whether to try again is not decided here.

import { MeshError, deferred } from '@hopmesh/core'
import type { Channel, Clock, OpenedAttempt, PeerAttempt } from '@hopmesh/core'
import type { PageLife } from '../page-life.ts'
import { WebRtcChannel } from './channel.ts'
import { bindingOf } from './fingerprints.ts'
import { attemptTimeoutMs, signalsMax } from './limits.ts'
import { readSignal } from './signal.ts'
import type { WebRtcSignal } from './signal.ts'
import type { PeerError, SimplePeer, SimplePeerConstructor } from './simple-peer.ts'

export interface WebRtcAttemptOptions {
  readonly clock: Clock
  readonly iceServers: RTCIceServer[]
  readonly life?: PageLife | undefined
  readonly Peer: SimplePeerConstructor
}

export class WebRtcAttempt implements OpenedAttempt {
  readonly channel: Promise<Channel>
  readonly #attempt: PeerAttempt
  readonly #options: WebRtcAttemptOptions
  readonly #resolve: (channel: WebRtcChannel) => void
  readonly #reject: (error: MeshError) => void
  readonly #stopTimer: () => void
  #settled = false
  #peer: SimplePeer | undefined
  #signals = 0
  /** For people: how far it came. */
  #described = false
  #candidates = 0
  #iceState = 'new'

  constructor(attempt: PeerAttempt, options: WebRtcAttemptOptions) {
    this.#attempt = attempt
    this.#options = options
    const { promise, resolve, reject } = deferred<WebRtcChannel>()
    this.channel = promise
    this.#resolve = resolve
    this.#reject = reject
    this.#stopTimer = options.clock.setTimer(attemptTimeoutMs, () => this.#fail(this.#missing()))
    try {
      this.#begin(options.Peer)
    } catch (error) {
      this.#fail('the browser makes no peer connection', error)
    }
  }

  signal(text: string): void {
    const signal = readSignal(text)
    const expected = this.#attempt.role === 'dialer' ? 'answer' : 'offer'
    if (signal === undefined || this.#settled || this.#signals >= signalsMax) return
    if (signal.type !== 'candidate') {
      // One description for one attempt: a second is a repetition or somebody else's.
      if (signal.type !== expected || this.#described) return
      this.#described = true
    } else {
      this.#candidates += 1
    }
    this.#signals += 1
    if (this.#peer !== undefined) this.#give(this.#peer, signal)
  }

  cancel(): void {
    this.#settle(new MeshError('ABORTED', 'The attempt at a WebRTC link was given up'))
  }

  #begin(Peer: SimplePeerConstructor): void {
    const { clock, iceServers, life } = this.#options
    const { role } = this.#attempt
    // Object mode: the stream then keeps the borders of messages whatever the timing.
    const peer = new Peer({ initiator: role === 'dialer', trickle: true, objectMode: true, config: { iceServers } })
    this.#peer = peer
    const channel = new WebRtcChannel(peer, { clock, role, onEnd: () => forget?.() })
    const forget = life?.track(() => channel.closeNow('the page was left'))
    peer.on('signal', (signal) => {
      if (!this.#settled) this.#attempt.send(JSON.stringify(signal))
    })
    peer.on('iceStateChange', (connection) => {
      this.#iceState = connection
    })
    peer.on('connect', () => this.#connected(peer, channel))
    peer.on('error', (error) => this.#fail(whyFailed(error), error))
    peer.on('close', () => this.#fail('the connection was closed before it was open'))
  }

  #give(peer: SimplePeer, signal: WebRtcSignal): void {
    if (peer.destroyed) return
    try {
      peer.signal(signal)
    } catch (error) {
      this.#fail(`the browser refused the ${signal.type} of the other side`, error)
    }
  }

  #connected(peer: SimplePeer, channel: WebRtcChannel): void {
    if (this.#settled) return
    const { _pc: connection, _channel: data } = peer
    const own = connection?.localDescription?.sdp
    const other = connection?.remoteDescription?.sdp
    const binding = this.#attempt.role === 'dialer' ? bindingOf(own, other) : bindingOf(other, own)
    if (binding === undefined) return this.#fail('the descriptions name no DTLS fingerprint')
    if (data === null) return this.#fail('the data channel closed as soon as it was open')
    channel.connected(data, binding)
    this.#settle(channel)
  }

  #missing(): string {
    const seconds = `within ${attemptTimeoutMs / 1000} s`
    if (!this.#described) return `no ${this.#attempt.role === 'dialer' ? 'answer' : 'offer'} came from the other side ${seconds}`
    if (this.#candidates === 0) return `the other side named no candidate ${seconds}`
    return `no path between the two sides was found ${seconds} (ICE is '${this.#iceState}')`
  }

  #fail(why: string, cause?: unknown): void {
    this.#settle(new MeshError('LINK_FAILED', `No WebRTC link: ${why}`, { cause, tried: [`webrtc: ${why}`] }))
  }

  #settle(result: WebRtcChannel | MeshError): void {
    if (this.#settled) return
    this.#settled = true
    this.#stopTimer()
    if (result instanceof WebRtcChannel) return this.#resolve(result)
    this.#peer?.destroy()
    this.#reject(result)
  }
}

const failures: Readonly<Record<string, string>> = {
  ERR_PC_CONSTRUCTOR: 'the browser makes no more peer connections',
  ERR_CREATE_OFFER: 'the browser made no offer',
  ERR_CREATE_ANSWER: 'the browser made no answer',
  ERR_SET_LOCAL_DESCRIPTION: 'the browser refused its own description',
  ERR_SET_REMOTE_DESCRIPTION: 'the browser refused the description of the other side',
  ERR_ADD_ICE_CANDIDATE: 'the browser refused a candidate of the other side',
  ERR_ICE_CONNECTION_FAILURE: 'ICE failed, no path between the two sides',
  ERR_CONNECTION_FAILURE: 'the connection failed (ICE or DTLS)',
  ERR_DATA_CHANNEL: 'the data channel failed',
}

function whyFailed(error: PeerError): string {
  const known = failures[error.code ?? '']
  return known === undefined ? error.message : `${known} (${error.message})`
}
