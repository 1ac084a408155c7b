import type { Clock, OpenedAttempt, PeerAttempt, PeerDialer } from '@hopmesh/core'
import type { PageLife } from '../page-life.ts'
import { LateAttempt } from './late-attempt.ts'
import { loadSimplePeer } from './simple-peer.ts'

export interface WebRtcDialerOptions {
  readonly clock: Clock
  readonly iceServers: RTCIceServer[]
  readonly life?: PageLife | undefined
}

/** Makes WebRTC links between members; undefined where there is no RTCPeerConnection (workers, Node.js). */
export function webRtcDialer(options: WebRtcDialerOptions): PeerDialer | undefined {
  if (typeof RTCPeerConnection === 'undefined') return undefined
  return { capability: 'webrtc', open: (attempt) => new LateAttempt(() => loadAttempt(attempt, options)) }
}

async function loadAttempt(attempt: PeerAttempt, options: WebRtcDialerOptions): Promise<() => OpenedAttempt> {
  const [{ WebRtcAttempt }, Peer] = await Promise.all([import('./attempt.ts'), loadSimplePeer()])
  return () => new WebRtcAttempt(attempt, { ...options, Peer })
}
