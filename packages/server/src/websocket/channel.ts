// One WebSocket as a channel, the same for both ends. Binary messages carry link frames, text messages JSON packets; the
// one kind on a channel of the other closes this channel, and is told to `onFault`.

import type { Duplex } from 'node:stream'
import { ChannelInbox, MeshError } from '@hopmesh/core'
import type { Channel, ChannelReceiver, CloseReason } from '@hopmesh/core'
import type { WebSocket } from 'ws'
import { nodeClock } from '../system-ports.ts'
import { TurnCork } from '../turn-cork.ts'
import {
  frameMessageBytesMax,
  textMessageBytesMax,
  webSocketBufferedBytesHigh,
  webSocketLingerBytesMax,
  webSocketLingerMs,
} from './limits.ts'

/** What the channel is told of its socket. */
export interface WebSocketChannelOptions {
  readonly role: 'dialer' | 'listener'
  readonly carries: 'frames' | 'text'
  readonly label: string
  /** The socket below: what is sent in one turn leaves in one write, and it says when there is room again. */
  readonly socket: Duplex
  /** The other side broke the rules of WebSocket or of this channel; it is closed already. */
  readonly onFault?: ((message: string) => void) | undefined
}

/** An open WebSocket as a channel; it belongs to the channel from now on. */
export class WebSocketChannel implements Channel {
  readonly medium = 'websocket'
  readonly carries: 'frames' | 'text'
  readonly role: 'dialer' | 'listener'
  readonly label: string
  readonly messageBytesMax: number
  readonly copiesMessages: boolean
  readonly #ws: WebSocket
  readonly #inbox: ChannelInbox
  readonly #turn: TurnCork
  readonly #onFault: ((message: string) => void) | undefined
  #waiting = false
  #lingerBytes = 0

  constructor(ws: WebSocket, options: WebSocketChannelOptions) {
    this.#ws = ws
    this.#turn = new TurnCork(options.socket)
    this.#onFault = options.onFault
    this.carries = options.carries
    this.role = options.role
    this.label = options.label
    // A client masks what it says into bytes of its own; what a server says leaves as it is.
    this.copiesMessages = options.role === 'dialer'
    this.messageBytesMax = options.carries === 'frames' ? frameMessageBytesMax : textMessageBytesMax
    this.#inbox = new ChannelInbox({
      clock: nodeClock,
      carries: options.carries,
      keptBytesMax: Math.max(this.messageBytesMax, 262_144),
      failed: () => ws.terminate(),
    })
    ws.binaryType = 'nodebuffer'
    ws.on('message', (data: Buffer, isBinary) => this.#message(data, isBinary))
    ws.on('error', (error) => this.#broken(error.message))
    ws.on('close', (code, reason) => this.#shut(remoteReason(code, reason.toString())))
    options.socket.on('drain', () => this.#drained())
  }

  get bufferedBytes(): number {
    return this.#ws.bufferedAmount
  }

  start(receiver: ChannelReceiver): void {
    this.#inbox.start(receiver)
  }

  send(message: Uint8Array): boolean {
    if (message.length > this.messageBytesMax) {
      throw new MeshError('TOO_LARGE', `A message on this channel is at most ${this.messageBytesMax} bytes, not ${message.length}`)
    }
    if (this.#inbox.closeReason !== undefined || this.#ws.readyState !== this.#ws.OPEN) return false
    if (message.length === 0) return true
    this.#turn.cork()
    // A failed write is followed by `close`, which says why.
    this.#ws.send(message, { binary: this.carries === 'frames' }, () => {})
    if (this.#ws.bufferedAmount <= webSocketBufferedBytesHigh) return true
    this.#waiting = true
    return false
  }

  pauseReading(): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.pause()
  }

  resumeReading(): void {
    if (this.#ws.isPaused) this.#ws.resume()
  }

  close(detail = 'closed here'): void {
    this.#shut({ code: 'local', detail })
  }

  #message(data: Buffer, isBinary: boolean): void {
    if (this.#inbox.closeReason !== undefined) {
      // Who goes on talking to a closed door is not listened to for long.
      this.#lingerBytes += data.length
      if (this.#lingerBytes > webSocketLingerBytesMax) this.#ws.terminate()
      return
    }
    if (isBinary === (this.carries === 'frames')) {
      return this.#inbox.message(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    }
    this.#broken(isBinary ? 'a binary message on a text channel' : 'a text message on a binary channel', 1003)
  }

  #broken(message: string, code = 1002): void {
    if (this.#inbox.closeReason !== undefined) return
    this.#shut({ code: 'lost', detail: message }, code)
    this.#onFault?.(message)
  }

  #drained(): void {
    if (!this.#waiting) return
    this.#waiting = false
    this.#inbox.drained()
  }

  #shut(reason: CloseReason, code = 1000): void {
    if (this.#inbox.closeReason !== undefined) return
    this.#inbox.close(reason)
    // A paused socket would never see the other side's goodbye.
    this.resumeReading()
    if (this.#ws.readyState === this.#ws.CLOSED) return
    this.#ws.close(code, cutReason(reason.detail))
    this.#turn.uncork()
    const timer = setTimeout(() => this.#ws.terminate(), webSocketLingerMs)
    this.#ws.once('close', () => clearTimeout(timer))
  }
}

/** The reason of a close frame is at most 123 bytes; ours are ASCII. */
function cutReason(detail: string): string {
  return detail.replace(/[^ -~]/g, '?').slice(0, 120)
}

function remoteReason(code: number, text: string): CloseReason {
  if (code === 1006) return { code: 'lost', detail: 'the connection is gone' }
  return { code: 'remote', detail: text === '' ? `closed by the other side (${code})` : text }
}
