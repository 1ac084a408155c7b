// The parts of simple-peer that are used here: its pre-built file has no types, and those that others publish know nothing
// of `_channel` and `_pc`. These two are read for backpressure and fingerprints, and messages are taken from the first one itself.

export interface PeerSignal {
  readonly type?: unknown
  readonly sdp?: unknown
  readonly candidate?: unknown
}

export interface PeerOptions {
  readonly initiator: boolean
  readonly trickle: boolean
  readonly objectMode: boolean
  readonly config: RTCConfiguration
}

export interface SimplePeer {
  readonly destroyed: boolean
  readonly _channel: RTCDataChannel | null
  readonly _pc: RTCPeerConnection | null
  /** Messages that came and were not handed out yet. */
  readonly readableLength: number
  signal(data: PeerSignal): void
  destroy(): void
  on(event: 'signal', listener: (data: PeerSignal) => void): unknown
  on(event: 'connect' | 'close', listener: () => void): unknown
  on(event: 'data', listener: (data: unknown) => void): unknown
  on(event: 'error', listener: (error: PeerError) => void): unknown
  on(event: 'iceStateChange', listener: (connection: string, gathering: string) => void): unknown
}

/** `code` starts with ERR_ and names the step that failed. */
export type PeerError = Error & { readonly code?: string }

export type SimplePeerConstructor = new (options: PeerOptions) => SimplePeer

/** A chunk of its own, loaded with the first attempt: most of the library's bytes, and none of the first screen's. */
export async function loadSimplePeer(): Promise<SimplePeerConstructor> {
  // The pre-built file is the only one that needs no Node names in a page.
  // @ts-expect-error -- it has no types
  const module = (await import('simple-peer/simplepeer.min.js')) as { readonly default: SimplePeerConstructor }
  return module.default
}
