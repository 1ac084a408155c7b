import { deferred, type Deferred } from '../async/deferred.ts'
import { handled } from '../async/operations.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { ReceiveStream } from './receive-stream.ts'
import { noReason, type SendStream } from './send-stream.ts'
import { streamUnackedBytesMax } from './session-limits.ts'

/** What a stream asks of the session that it belongs to. */
export interface StreamOwner {
  /** Something was written, ended or given up. */
  wrote(stream: SendStream): void
  /** So many bytes were read: the peer may send more. */
  consumed(stream: ReceiveStream, bytes: number): void
  stopped(stream: ReceiveStream, code: number, reason: Uint8Array): void
}

/** Why a direction broke off: the peer gave it up, and what it said of that, or the session is gone and everything in it. */
export type StreamBreak = { readonly by: 'peer'; readonly code: number; readonly reason: Uint8Array } | { readonly by: 'session' }

/**
 * Bytes in order, both ways, without a gap and without a double, or an error. Each direction ends by itself. Nobody who does not
 * read is sent more than the window; nobody can write faster than it is read.
 */
export class SessionStream {
  readonly id: number
  /** The other end. */
  readonly peer: string
  readonly #owner: StreamOwner
  readonly #send: SendStream
  readonly #receive: ReceiveStream
  #room: Deferred<void> | undefined
  #arrived: Deferred<void> | undefined
  #readers = 0
  #sent: Deferred<void> | undefined
  #ended = false
  #sendError: MeshError | undefined
  #receiveError: MeshError | undefined
  #sendBreak: StreamBreak | undefined
  #receiveBreak: StreamBreak | undefined
  /** Called when the peer has more than it had. */
  onAcknowledged: (() => void) | undefined
  /** Called when a direction broke off, and not by this side. */
  onBroken: (() => void) | undefined

  constructor(peer: string, owner: StreamOwner, halves: { readonly send: SendStream; readonly receive: ReceiveStream }) {
    this.id = halves.send.id
    this.peer = peer
    this.#owner = owner
    this.#send = halves.send
    this.#receive = halves.receive
  }

  /** Bytes from the start on that the peer has for certain. */
  get ackedBytes(): number {
    return this.#send.ackedBytes
  }

  /** Bytes that `read` has ready. */
  get readableBytes(): number {
    return this.#receive.readableBytes
  }

  /** Why the peer gets no more; undefined while it does, and when it was given up here. */
  get sendBreak(): StreamBreak | undefined {
    return this.#sendBreak
  }

  get receiveBreak(): StreamBreak | undefined {
    return this.#receiveBreak
  }

  /** Takes the bytes at once and resolves when there is room for more. Rejects when the direction is over. */
  write(bytes: Uint8Array): Promise<void> {
    return this.writeOwned(bytes.slice())
  }

  /** As `write`, for bytes that nobody will change: they are not copied. */
  writeOwned(bytes: Uint8Array): Promise<void> {
    if (this.#sendError || this.#ended) return handled(Promise.reject(this.#sendError ?? new MeshError('CLOSED', 'the stream was ended')))
    this.#send.write(bytes)
    this.#owner.wrote(this.#send)
    if (this.#send.unackedBytes <= streamUnackedBytesMax) return Promise.resolve()
    this.#room ??= deferred()
    return this.#room.promise
  }

  /** No more will be written. Resolves when the peer has everything. */
  end(): Promise<void> {
    if (this.#sendError) return handled(Promise.reject(this.#sendError))
    this.#sent ??= deferred()
    if (!this.#ended) {
      this.#ended = true
      this.#send.end()
      this.#owner.wrote(this.#send)
    }
    return this.#sent.promise
  }

  /** The next bytes; undefined at the end. Rejects when the stream broke off; what nobody had read then is gone. One read at a time. */
  async read(): Promise<Uint8Array | undefined> {
    if (this.#readers > 0) throw new MeshError('INVALID_OPTION', 'another read of this stream is under way')
    this.#readers += 1
    try {
      for (;;) {
        const bytes = this.take()
        if (bytes !== undefined) return bytes
        if (this.#receive.isDrained) return undefined
        if (this.#receiveError) throw this.#receiveError
        this.#arrived = deferred()
        await this.#arrived.promise
      }
    } finally {
      this.#readers -= 1
    }
  }

  /** The next bytes if there are any: `read` for who must not wait. */
  take(): Uint8Array | undefined {
    const bytes = this.#receive.take()
    if (bytes !== undefined) this.#owner.consumed(this.#receive, bytes.length)
    return bytes
  }

  /** Gives up sending: the peer's read rejects, unless everything has arrived already. `reason`: at most 1 024 bytes. */
  reset(code = 0, reason: Uint8Array = noReason): void {
    if (this.#sendError || this.#send.isDone) return
    this.#send.reset(code, reason)
    this.#owner.wrote(this.#send)
    this.failSending(new MeshError('STREAM_RESET', `the stream was given up here; the peer has ${this.ackedBytes} bytes for certain`))
  }

  /** Wants no more: the peer's writes reject. */
  stop(code = 0, reason: Uint8Array = noReason): void {
    if (this.#receiveError || this.#receive.isDrained) return
    this.failReceiving(new MeshError('STREAM_RESET', 'the stream is no longer wanted here'))
    this.#owner.stopped(this.#receive, code, reason)
  }

  /** For the session: something arrived, or everything did. */
  readable(): void {
    this.#arrived?.resolve()
    this.#arrived = undefined
  }

  /** For the session: the peer acknowledged some of it. */
  acknowledged(): void {
    if (this.#room !== undefined && this.#send.unackedBytes <= streamUnackedBytesMax / 2) {
      this.#room.resolve()
      this.#room = undefined
    }
    if (this.#send.isDone) this.#sent?.resolve()
    this.onAcknowledged?.()
  }

  /** For the session. */
  failSending(error: MeshError, broken?: StreamBreak): void {
    if (this.#sendError || this.#send.isDone) return
    this.#sendError = error
    this.#sendBreak = broken
    this.#room?.reject(error)
    this.#room = undefined
    this.#sent ??= deferred()
    this.#sent.reject(error)
    if (broken) this.onBroken?.()
  }

  /** For the session. */
  failReceiving(error: MeshError, broken?: StreamBreak): void {
    if (this.#receive.isDrained || this.#receiveError) return
    this.#receiveError = error
    this.#receiveBreak = broken
    this.readable()
    if (broken) this.onBroken?.()
  }
}
