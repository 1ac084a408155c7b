// ALN over TCP: a stream of bytes to one neighbour, which may be a plain ALN node. Bytes only; KISS frames are cut in core.

import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { ChannelInbox, MeshError } from '@hopmesh/core'
import type { Channel, ChannelReceiver, CloseReason } from '@hopmesh/core'
import { nodeClock } from '../system-ports.ts'
import { TurnWriter } from './turn-writer.ts'
import { lingerBytesMax, tcpBufferedBytesHigh, tcpConnectTimeoutMs, tcpKeepAliveMs, tcpLingerMs, tcpMessageBytesMax } from './limits.ts'

/** Whom to connect to. */
export interface TcpTarget {
  readonly host: string
  readonly port: number
  /** Aborting it rejects with ABORTED. */
  readonly signal?: AbortSignal | undefined
}

/** A connected socket as a channel. The socket belongs to the channel from now on. */
export class TcpChannel implements Channel {
  readonly medium = 'tcp'
  readonly carries = 'stream'
  readonly role: 'dialer' | 'listener'
  readonly label: string
  readonly messageBytesMax: number = tcpMessageBytesMax
  readonly copiesMessages = true
  readonly #socket: Socket
  readonly #inbox: ChannelInbox
  readonly #writer: TurnWriter
  #waiting = false
  #failure: string | undefined
  #lingerBytes = 0

  constructor(socket: Socket, role: 'dialer' | 'listener' = 'dialer') {
    this.#socket = socket
    this.#writer = new TurnWriter(socket)
    this.role = role
    this.label = `tcp ${socket.remoteAddress ?? '?'}:${socket.remotePort ?? '?'}`
    this.#inbox = new ChannelInbox({
      clock: nodeClock,
      carries: 'stream',
      keptBytesMax: tcpMessageBytesMax,
      failed: () => socket.destroy(),
    })
    socket.setNoDelay(true)
    socket.setKeepAlive(true, tcpKeepAliveMs)
    socket.on('drain', () => this.#drained())
    socket.on('error', (error) => {
      this.#failure = error.message
    })
    // The other side will say no more: a half-open socket is of no use to a link.
    socket.on('end', () => this.#shut({ code: 'remote', detail: 'closed by the other side' }))
    socket.on('close', () => this.#shut({ code: 'lost', detail: this.#failure ?? 'the connection is gone' }))
    if (socket.destroyed) this.#shut({ code: 'lost', detail: 'the connection is gone' })
  }

  /** Rejects with LINK_FAILED (refused, unknown host, no answer) or ABORTED. */
  static connect(target: TcpTarget): Promise<TcpChannel> {
    const { host, port, signal } = target
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(new MeshError('ABORTED', 'The connect was aborted', { cause: signal.reason }))
      const socket = connect({ host, port })
      const settle = (error?: MeshError): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
        socket.off('error', onError)
        if (error === undefined) return resolve(new TcpChannel(socket, 'dialer'))
        socket.on('error', () => {})
        socket.destroy()
        reject(error)
      }
      const failed = (why: string, cause?: unknown): MeshError =>
        new MeshError('LINK_FAILED', `No TCP connection to ${host}:${port}: ${why}`, { cause })
      const onAbort = (): void => settle(new MeshError('ABORTED', 'The connect was aborted', { cause: signal?.reason }))
      const onError = (error: Error): void => settle(failed(error.message, error))
      const timer = setTimeout(() => settle(failed('no answer')), tcpConnectTimeoutMs)
      signal?.addEventListener('abort', onAbort, { once: true })
      socket.once('error', onError)
      socket.once('connect', () => settle())
    })
  }

  get bufferedBytes(): number {
    return this.#writer.bufferedBytes
  }

  /** Nothing is read from the socket before: until then the kernel holds what arrives. */
  start(receiver: ChannelReceiver): void {
    this.#inbox.start(receiver)
    this.#socket.on('data', (chunk: Buffer) => this.#data(chunk))
  }

  send(message: Uint8Array): boolean {
    if (message.length > tcpMessageBytesMax)
      throw new MeshError('TOO_LARGE', `A TCP message is at most ${tcpMessageBytesMax} bytes, not ${message.length}`)
    if (this.#inbox.closeReason !== undefined || this.#socket.destroyed) return false
    this.#writer.write(message)
    if (this.#writer.bufferedBytes <= tcpBufferedBytesHigh) return true
    this.#waiting = true
    return false
  }

  pauseReading(): void {
    if (this.#inbox.closeReason === undefined) this.#socket.pause()
  }

  resumeReading(): void {
    if (this.#inbox.closeReason === undefined) this.#socket.resume()
  }

  close(detail = 'closed here'): void {
    this.#shut({ code: 'local', detail })
  }

  #data(chunk: Buffer): void {
    // As the Buffer that it is, which finds the end of a frame ten times as fast as other arrays do.
    if (this.#inbox.closeReason === undefined) return this.#inbox.message(chunk)
    // Who goes on talking to a closed door is not listened to for long.
    this.#lingerBytes += chunk.length
    if (this.#lingerBytes > lingerBytesMax) this.#socket.destroy()
  }

  #drained(): void {
    if (!this.#waiting) return
    this.#waiting = false
    this.#inbox.drained()
  }

  #shut(reason: CloseReason): void {
    if (this.#inbox.closeReason !== undefined) return
    this.#inbox.close(reason)
    this.#writer.flush()
    this.#socket.end()
    this.#socket.resume()
    const timer = setTimeout(() => this.#socket.destroy(), tcpLingerMs)
    this.#socket.once('close', () => clearTimeout(timer))
    if (this.#socket.closed) clearTimeout(timer)
  }
}
