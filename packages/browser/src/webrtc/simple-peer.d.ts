// simple-peer's own pre-built file, the only one that needs no Node names in a page. These are the parts that are used
// here; `_channel` and `_pc` are read (never changed) for backpressure and fingerprints.

declare module 'simple-peer/simplepeer.min.js' {
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

  export default class SimplePeer {
    constructor(options: PeerOptions)
    readonly destroyed: boolean
    readonly _channel: RTCDataChannel | null
    readonly _pc: RTCPeerConnection | null
    signal(data: PeerSignal): void
    send(bytes: Uint8Array): void
    destroy(): void
    on(event: 'signal', listener: (data: PeerSignal) => void): this
    on(event: 'connect' | 'close', listener: () => void): this
    on(event: 'data', listener: (data: unknown) => void): this
    on(event: 'error', listener: (error: Error & { code?: string }) => void): this
    on(event: 'iceStateChange', listener: (connection: string, gathering: string) => void): this
  }
}
