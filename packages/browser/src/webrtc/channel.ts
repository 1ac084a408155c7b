// A channel over a connected simple-peer: each message of the data channel is one link frame. simple-peer moves the bytes
// and tears the connection down; backpressure is read from its RTCDataChannel, which its stream interface hides.
//
// Closing is graceful: the data channel is closed first, so that what it took still leaves and the other side sees a
// plain close instead of an abort; then simple-peer destroys itself, at the latest after `closingTimeoutMs`.

import { ChannelInbox, MeshError } from '@hopmesh/core'
import type { Channel, ChannelReceiver, Clock, CloseReason } from '@hopmesh/core'
import { closingTimeoutMs, highWaterBytes, lowWaterBytes, messageBytesMax } from './limits.ts'
import type { PeerError, SimplePeer } from './simple-peer.ts'

export interface WebRtcChannelOptions {
  readonly clock: Clock
  readonly role: 'dialer' | 'listener'
  /** The connection is gone, its last bytes too. */
  readonly onEnd?: (() => void) | undefined
}

export class WebRtcChannel implements Channel {
  readonly medium = 'webrtc'
  readonly carries = 'frames'
  readonly role: 'dialer' | 'listener'
  readonly label: string
  readonly messageBytesMax: number = messageBytesMax
  #binding: Uint8Array | undefined
  readonly #peer: SimplePeer
  readonly #clock: Clock
  readonly #inbox: ChannelInbox
  readonly #onEnd: (() => void) | undefined
  #data: RTCDataChannel | undefined
  #waiting = false
  #stopClosing: (() => void) | undefined

  /** `peer` is fresh: what the other side says before `connected` is kept. */
  constructor(peer: SimplePeer, options: WebRtcChannelOptions) {
    this.role = options.role
    this.label = options.role === 'dialer' ? 'webrtc, offered here' : 'webrtc, answered here'
    this.#peer = peer
    this.#clock = options.clock
    this.#onEnd = options.onEnd
    this.#inbox = new ChannelInbox({
      clock: options.clock,
      carries: 'frames',
      keptBytesMax: messageBytesMax,
      failed: () => this.closeNow('failed here'),
    })
    peer.on('data', (data) => this.#received(data))
    peer.on('error', (error) => this.#end(reasonOf(error)))
    peer.on('close', () => {
      this.#end({ code: 'remote', detail: 'the other side closed the connection' })
      this.#onEnd?.()
    })
  }

  get binding(): Uint8Array | undefined {
    return this.#binding
  }

  get bufferedBytes(): number {
    return this.#data?.bufferedAmount ?? 0
  }

  /** The attempt has succeeded; sending can begin. */
  connected(data: RTCDataChannel, binding: Uint8Array): void {
    this.#data = data
    this.#binding = binding
    data.addEventListener('bufferedamountlow', () => this.#drained())
  }

  start(receiver: ChannelReceiver): void {
    this.#inbox.start(receiver)
  }

  send(message: Uint8Array): boolean {
    if (message.length > messageBytesMax) {
      throw new MeshError('TOO_LARGE', `A WebRTC message of ${message.length} bytes; ${messageBytesMax} is the most`)
    }
    const data = this.#data
    if (data === undefined || this.#inbox.closeReason !== undefined || data.readyState !== 'open') return false
    try {
      data.send(message as Uint8Array<ArrayBuffer>)
    } catch (error) {
      // Full at 16 MiB, or closing behind our back: a message is lost, and a channel that lost one is over.
      this.#fail(`the browser took no more: ${messageOf(error)}`)
      return false
    }
    if (data.bufferedAmount <= highWaterBytes) return true
    this.#waiting = true
    return false
  }

  close(detail = 'closed here'): void {
    const before = this.#inbox.closeReason
    this.#inbox.close({ code: 'local', detail })
    if (before !== undefined) return
    this.#data?.close()
    this.#stopClosing = this.#clock.setTimer(closingTimeoutMs, () => this.#peer.destroy())
  }

  /** Without waiting for what is queued: a page that goes away has no time. The other side notices within milliseconds. */
  closeNow(detail: string): void {
    this.#inbox.close({ code: 'local', detail })
    this.#peer.destroy()
  }

  #received(data: unknown): void {
    if (!(data instanceof Uint8Array)) return this.#fail('a text message where only frames travel')
    if (data.length > messageBytesMax) return this.#fail(`a message of ${data.length} bytes; ${messageBytesMax} is the most`)
    // simple-peer hands out its own Buffer class; a view of the same bytes is plain.
    this.#inbox.message(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  }

  #drained(): void {
    if (!this.#waiting || this.bufferedBytes > lowWaterBytes) return
    this.#waiting = false
    this.#inbox.drained()
  }

  #fail(detail: string): void {
    this.#inbox.close({ code: 'lost', detail })
    this.#peer.destroy()
  }

  #end(reason: CloseReason): void {
    this.#stopClosing?.()
    this.#inbox.close(reason)
  }
}

// A side that closes makes the other's SCTP report 'User-Initiated Abort', which is an orderly end.
function reasonOf(error: PeerError): CloseReason {
  const orderly = error.message.includes('User-Initiated Abort') || error.message.includes('Close called')
  if (orderly) return { code: 'remote', detail: 'the other side closed the connection' }
  return { code: 'lost', detail: `${error.message} (${error.code ?? 'WebRTC'})` }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
