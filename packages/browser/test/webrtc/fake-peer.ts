import type { PeerError, PeerOptions, PeerSignal, SimplePeer } from '../../src/webrtc/simple-peer.ts'

type Handler = (...values: never[]) => void

/** Stands for simple-peer: a test says what happens to it. Throws where the real one does. */
export class FakePeer implements SimplePeer {
  static readonly made: FakePeer[] = []
  readonly options: PeerOptions
  readonly signals: PeerSignal[] = []
  readonly channel: FakeDataChannel = new FakeDataChannel()
  destroyed = false
  readableLength = 0
  descriptions: { own: string; other: string } = { own: 'a=fingerprint:sha-256 AA', other: 'a=fingerprint:sha-256 BB' }
  readonly #handlers = new Map<string, Handler[]>()

  constructor(options: PeerOptions) {
    this.options = options
    FakePeer.made.push(this)
  }

  get _channel(): RTCDataChannel {
    return this.channel as unknown as RTCDataChannel
  }

  get _pc(): RTCPeerConnection {
    const { own, other } = this.descriptions
    return { localDescription: { sdp: own }, remoteDescription: { sdp: other } } as unknown as RTCPeerConnection
  }

  on(event: string, listener: Handler): void {
    this.#handlers.set(event, [...(this.#handlers.get(event) ?? []), listener])
  }

  happen(event: string, ...values: unknown[]): void {
    for (const handler of this.#handlers.get(event) ?? []) handler(...(values as never[]))
  }

  signal(data: PeerSignal): void {
    if (this.destroyed) throw new Error('cannot signal after peer is destroyed')
    this.signals.push(data)
  }

  destroy(): void {
    if (this.destroyed) return
    this.destroyed = true
    queueMicrotask(() => this.happen('close'))
  }

  /** What simple-peer does on its own failures. */
  fail(code: string, message: string): void {
    this.destroyed = true
    const error: PeerError = Object.assign(new Error(message), { code })
    this.happen('error', error)
    this.happen('close')
  }
}

export class FakeDataChannel extends EventTarget {
  readyState = 'open'
  bufferedAmount = 0
  bufferedAmountLowThreshold = 0
  throws: Error | undefined
  closes = 0
  /** simple-peer's, until somebody takes messages from the channel itself. */
  onmessage: (() => void) | null = () => {}
  readonly sent: Uint8Array[] = []

  send(bytes: Uint8Array): void {
    if (this.throws !== undefined) throw this.throws
    this.sent.push(bytes)
    this.bufferedAmount += bytes.length
  }

  close(): void {
    this.closes += 1
    this.readyState = 'closing'
  }
}
