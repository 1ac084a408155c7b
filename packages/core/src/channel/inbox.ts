// The receiving half that every channel body needs: what arrived before `start` is kept within bounds, the receiver is
// called in order, and `closed` comes exactly once and last. A body calls `message`, `drained` and `close` from its
// transport's callbacks and hands `start` through; it keeps nothing about receivers itself.

import { concatBytes } from '../bytes/concat-bytes.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Carries, ChannelReceiver, CloseReason } from './channel.ts'

/** What a channel tells its inbox once. */
export interface ChannelInboxOptions {
  readonly clock: Pick<Clock, 'soon'>
  readonly carries: Carries
  /** Bytes kept before `start`: the channel's `messageBytesMax`. */
  readonly keptBytesMax: number
  /** The inbox closed itself, as `lost`: more arrived before `start` than is kept, or the receiver threw. Shut the transport. */
  failed(reason: CloseReason): void
}

/** Messages kept before `start`. Chunks of a stream are joined instead. */
export const keptMessagesMax = 64

/** For whoever writes a channel: what came before `start`, the order of calls, and the end of it. */
export class ChannelInbox {
  readonly #options: ChannelInboxOptions
  #receiver: ChannelReceiver | undefined
  #kept: Uint8Array[] = []
  #keptBytes = 0
  #keptDrained = false
  #closeReason: CloseReason | undefined
  #flushing = false
  /** Nothing but `closed` is delivered any more. */
  #muted = false
  #finished = false

  constructor(options: ChannelInboxOptions) {
    this.#options = options
  }

  /** Set as soon as the channel is closed, which is before the receiver hears it. */
  get closeReason(): CloseReason | undefined {
    return this.#closeReason
  }

  get started(): boolean {
    return this.#receiver !== undefined
  }

  /** Throws INVALID_OPTION when called twice. Never calls the receiver inside. */
  start(receiver: ChannelReceiver): void {
    if (this.#receiver !== undefined) throw new MeshError('INVALID_OPTION', 'A channel is started once')
    this.#receiver = receiver
    if (this.#kept.length > 0 || this.#keptDrained || this.#closeReason !== undefined) this.#flushSoon()
  }

  /** One message from the transport, in its order; ignored once closed. Not to be called inside `send` or `start`. */
  message(bytes: Uint8Array): void {
    if (this.#closeReason !== undefined || bytes.length === 0) return
    if (this.#receiver !== undefined && !this.#flushing) this.#call((receiver) => receiver.message(bytes))
    else this.#keep(bytes)
  }

  drained(): void {
    if (this.#closeReason !== undefined) return
    if (this.#receiver !== undefined && !this.#flushing) this.#call((receiver) => receiver.drained())
    else this.#keptDrained = true
  }

  /**
   * The first reason stands. After `local` nothing but `closed` is delivered; else what was kept comes before it. The
   * receiver hears it in a later turn.
   */
  close(reason: CloseReason): void {
    if (reason.code === 'local') this.#mute()
    if (this.#closeReason !== undefined) return
    this.#closeReason = reason
    if (this.#receiver !== undefined) this.#flushSoon()
  }

  #keep(bytes: Uint8Array): void {
    if (this.#receiver === undefined && !this.#makeRoom(bytes.length)) return this.#fail('more arrived before start than a channel keeps')
    this.#kept.push(bytes)
    this.#keptBytes += bytes.length
  }

  #makeRoom(length: number): boolean {
    if (this.#keptBytes + length > this.#options.keptBytesMax) return false
    if (this.#kept.length < keptMessagesMax) return true
    if (this.#options.carries !== 'stream') return false
    this.#kept = [concatBytes(this.#kept)]
    return true
  }

  #fail(detail: string): void {
    const reason: CloseReason = { code: 'lost', detail }
    this.close(reason)
    this.#options.failed(reason)
  }

  #mute(): void {
    this.#muted = true
    this.#takeKept()
  }

  #takeKept(): Uint8Array[] {
    const kept = this.#kept
    this.#kept = []
    this.#keptBytes = 0
    return kept
  }

  #flushSoon(): void {
    if (this.#flushing || this.#finished) return
    this.#flushing = true
    this.#options.clock.soon(() => this.#flush())
  }

  #flush(): void {
    while (this.#kept.length > 0) {
      for (const bytes of this.#takeKept()) {
        if (!this.#muted) this.#call((receiver) => receiver.message(bytes))
      }
    }
    if (this.#keptDrained && this.#closeReason === undefined) this.#call((receiver) => receiver.drained())
    this.#keptDrained = false
    this.#flushing = false
    if (this.#closeReason !== undefined) this.#finish(this.#closeReason)
  }

  #finish(reason: CloseReason): void {
    if (this.#finished) return
    this.#finished = true
    this.#call((receiver) => receiver.closed(reason))
  }

  // A receiver must not throw. One that does has lost its place in the conversation, so its channel ends.
  #call(deliver: (receiver: ChannelReceiver) => void): void {
    if (this.#receiver === undefined) return
    try {
      deliver(this.#receiver)
    } catch (error) {
      this.#mute()
      if (!this.#finished) this.#fail(`the receiver threw: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
}
