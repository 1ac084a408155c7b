import type { Clock, PeerDialer } from '@hopmesh/core'
import type { PageLife } from '../page-life.ts'
import { WebRtcAttempt } from './attempt.ts'
import { loadSimplePeer } from './simple-peer.ts'

export interface WebRtcDialerOptions {
  readonly clock: Clock
  readonly iceServers: RTCIceServer[]
  readonly life?: PageLife | undefined
}

/** Makes WebRTC links between members; undefined where there is no RTCPeerConnection (workers, Node.js). */
export function webRtcDialer({ clock, iceServers, life }: WebRtcDialerOptions): PeerDialer | undefined {
  if (typeof RTCPeerConnection === 'undefined') return undefined
  return { capability: 'webrtc', open: (attempt) => new WebRtcAttempt(attempt, { clock, iceServers, life, loadSimplePeer }) }
}
