import type { Clock } from '../ports/clock.ts'
import type { Carries, Channel, ChannelReceiver, Medium } from './channel.ts'
import { ChannelInbox } from './inbox.ts'

export interface PeekOptions {
  readonly clock: Clock
  readonly timeoutMs: number
  /** Stops waiting: the message is undefined then. */
  readonly signal?: AbortSignal | undefined
}

export interface PeekedChannel {
  /** The first message; undefined when none came in time or the channel closed. Still delivered: not to be changed. */
  readonly message: Uint8Array | undefined
  /** Stands for the channel that was peeked into, as if it had not been started yet. */
  readonly channel: Channel
}

/**
 * Looks at what comes first before it is known who shall have the channel. The message, and what came meanwhile (as much
 * as any channel keeps before start), is delivered again to the receiver of the channel in the result. Never rejects;
 * the channel stays open at a timeout.
 */
export function peekFirstMessage(channel: Channel, options: PeekOptions): Promise<PeekedChannel> {
  return new Promise((resolve) => {
    const replay = new ReplayChannel(channel, options.clock)
    const finish = (message: Uint8Array | undefined): void => {
      replay.onFirst = undefined
      cancelTimer()
      options.signal?.removeEventListener('abort', giveUp)
      resolve({ message, channel: replay })
    }
    const giveUp = (): void => finish(undefined)
    const cancelTimer = options.clock.setTimer(options.timeoutMs, giveUp)
    options.signal?.addEventListener('abort', giveUp, { once: true })
    if (options.signal?.aborted === true) return giveUp()
    replay.onFirst = finish
    replay.peek()
  })
}

class ReplayChannel implements Channel {
  onFirst: ((message: Uint8Array | undefined) => void) | undefined
  readonly #channel: Channel
  readonly #inbox: ChannelInbox
  #peeking = false

  constructor(channel: Channel, clock: Clock) {
    this.#channel = channel
    this.#inbox = new ChannelInbox({
      clock,
      carries: channel.carries,
      keptBytesMax: channel.messageBytesMax,
      failed: (reason) => channel.close(reason.detail),
    })
  }

  get medium(): Medium {
    return this.#channel.medium
  }

  get carries(): Carries {
    return this.#channel.carries
  }

  get role(): 'dialer' | 'listener' {
    return this.#channel.role
  }

  get label(): string {
    return this.#channel.label
  }

  get messageBytesMax(): number {
    return this.#channel.messageBytesMax
  }

  get binding(): Uint8Array | undefined {
    return this.#channel.binding
  }

  get bufferedBytes(): number {
    return this.#channel.bufferedBytes
  }

  peek(): void {
    this.#peeking = true
    this.#channel.start({
      message: (bytes) => {
        this.#inbox.message(bytes)
        this.onFirst?.(bytes)
      },
      drained: () => this.#inbox.drained(),
      closed: (reason) => {
        this.#inbox.close(reason)
        this.onFirst?.(undefined)
      },
    })
  }

  start(receiver: ChannelReceiver): void {
    if (!this.#peeking) this.peek()
    this.#inbox.start(receiver)
  }

  send(message: Uint8Array): boolean {
    return this.#channel.send(message)
  }

  close(detail?: string): void {
    this.#inbox.close({ code: 'local', detail: detail ?? '' })
    this.#channel.close(detail)
  }
}
