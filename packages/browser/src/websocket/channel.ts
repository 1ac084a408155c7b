// A channel over an open WebSocket: each binary message is one link frame. `bufferedAmount` has no event, so it is
// looked at from time to time, but only while somebody waits for it.

import { ChannelInbox, MeshError } from '@hopmesh/core'
import type { Channel, ChannelReceiver, Clock, CloseReason } from '@hopmesh/core'
import { closeReasonBytesMax, drainPollMs, highWaterBytes, lowWaterBytes, messageBytesMax } from './limits.ts'

export interface WebSocketChannelOptions {
  readonly clock: Clock
  readonly label: string
  /** The socket is gone or going. */
  readonly onEnd?: (() => void) | undefined
}

export class WebSocketChannel implements Channel {
  readonly medium = 'websocket'
  readonly carries = 'frames'
  readonly copiesMessages = true
  readonly role = 'dialer'
  readonly label: string
  readonly messageBytesMax: number = messageBytesMax
  readonly #socket: WebSocket
  readonly #clock: Clock
  readonly #inbox: ChannelInbox
  readonly #onEnd: (() => void) | undefined
  #stopPolling: (() => void) | undefined

  /** `socket` is open, binary, and nobody has missed a message of it: build this inside its open event. */
  constructor(socket: WebSocket, options: WebSocketChannelOptions) {
    this.label = options.label
    this.#socket = socket
    this.#clock = options.clock
    this.#onEnd = options.onEnd
    this.#inbox = new ChannelInbox({
      clock: options.clock,
      carries: 'frames',
      keptBytesMax: messageBytesMax,
      failed: (reason) => this.#shut(reason.detail),
    })
    socket.addEventListener('message', (event: MessageEvent<unknown>) => this.#received(event.data))
    socket.addEventListener('close', (event) => this.#end(reasonOf(event)))
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount
  }

  start(receiver: ChannelReceiver): void {
    this.#inbox.start(receiver)
  }

  send(message: Uint8Array): boolean {
    if (message.length > messageBytesMax) {
      throw new MeshError('TOO_LARGE', `A WebSocket message of ${message.length} bytes; ${messageBytesMax} is the most`)
    }
    if (this.#inbox.closeReason !== undefined || this.#socket.readyState !== WebSocket.OPEN) return false
    this.#socket.send(message as Uint8Array<ArrayBuffer>)
    if (this.#socket.bufferedAmount <= highWaterBytes) return true
    this.#stopPolling ??= this.#pollSoon()
    return false
  }

  close(detail = 'closed here'): void {
    if (this.#inbox.closeReason !== undefined) {
      this.#inbox.close({ code: 'local', detail })
      return
    }
    this.#end({ code: 'local', detail })
    this.#shut(detail)
  }

  #received(data: unknown): void {
    if (!(data instanceof ArrayBuffer)) return this.#fail('a text message where only frames travel')
    if (data.byteLength > messageBytesMax) return this.#fail(`a message of ${data.byteLength} bytes; ${messageBytesMax} is the most`)
    this.#inbox.message(new Uint8Array(data))
  }

  #pollSoon(): () => void {
    return this.#clock.setTimer(drainPollMs, () => {
      const waiting = this.#inbox.closeReason === undefined && this.#socket.bufferedAmount > lowWaterBytes
      this.#stopPolling = waiting ? this.#pollSoon() : undefined
      if (!waiting) this.#inbox.drained()
    })
  }

  #fail(detail: string): void {
    this.#end({ code: 'lost', detail })
    this.#shut(detail)
  }

  #end(reason: CloseReason): void {
    this.#stopPolling?.()
    this.#stopPolling = undefined
    this.#inbox.close(reason)
    this.#onEnd?.()
  }

  // The browser still sends what it took before.
  #shut(detail: string): void {
    this.#socket.close(1000, shortened(detail))
  }
}

function reasonOf(event: CloseEvent): CloseReason {
  const said = event.reason === '' ? `code ${event.code}` : `code ${event.code}: ${event.reason}`
  return event.wasClean ? { code: 'remote', detail: said } : { code: 'lost', detail: `the connection broke (${said})` }
}

/** The longest start of `text` that a close frame can carry, whole characters only. */
export function shortened(text: string): string {
  const into = new Uint8Array(closeReasonBytesMax)
  const { read } = new TextEncoder().encodeInto(text, into)
  return text.slice(0, read)
}
