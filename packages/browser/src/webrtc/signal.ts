// What travels between two members that make a WebRTC link: one offer, one answer, and candidates, each as a line of
// JSON. Only these reach simple-peer: it would also take requests for video and for a new negotiation from a stranger.

import { signalCharsMax } from './limits.ts'

export type WebRtcSignal =
  | { readonly type: 'offer' | 'answer'; readonly sdp: string }
  | { readonly type: 'candidate'; readonly candidate: RTCIceCandidateInit }

/** Undefined for anything but a signal; hostile text never throws. */
export function readSignal(text: string): WebRtcSignal | undefined {
  if (text.length > signalCharsMax) return undefined
  const value = parsed(text)
  if (!isObject(value)) return undefined
  if ((value['type'] === 'offer' || value['type'] === 'answer') && typeof value['sdp'] === 'string') {
    return { type: value['type'], sdp: value['sdp'] }
  }
  const candidate = value['candidate']
  if (value['type'] !== 'candidate' || !isObject(candidate) || typeof candidate['candidate'] !== 'string') return undefined
  const { sdpMLineIndex, sdpMid } = candidate
  // RTCIceCandidate throws when it is told of no media line at all.
  if (typeof sdpMLineIndex !== 'number' && typeof sdpMid !== 'string') return undefined
  return {
    type: 'candidate',
    candidate: {
      candidate: candidate['candidate'],
      sdpMLineIndex: typeof sdpMLineIndex === 'number' ? sdpMLineIndex : null,
      sdpMid: typeof sdpMid === 'string' ? sdpMid : null,
    },
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
