// A channel over a connected simple-peer: each message of the data channel is one link frame. simple-peer makes the connection and
// tears it down; once it is open, messages go to and come from its RTCDataChannel, without the streams in between.
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
  readonly copiesMessages = true
  readonly prefersLargeMessages = true
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
    data.bufferedAmountLowThreshold = lowWaterBytes
    data.addEventListener('bufferedamountlow', () => this.#drained())
    // A stream of simple-peer's costs a timer and a turn for each message. What it still holds would be overtaken.
    if (this.#peer.readableLength > 0) return
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- simple-peer's own handler is taken away
    data.onmessage = null
    data.addEventListener('message', (event: MessageEvent<unknown>) => this.#received(event.data))
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
    const bytes = plainBytes(data)
    if (bytes === undefined) return this.#fail('a text message where only frames travel')
    if (bytes.length > messageBytesMax) return this.#fail(`a message of ${bytes.length} bytes; ${messageBytesMax} is the most`)
    this.#inbox.message(bytes)
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

/** simple-peer hands out its own Buffer class; a view of the same bytes is plain. */
function plainBytes(data: unknown): Uint8Array | undefined {
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  return data instanceof Uint8Array ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : undefined
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
