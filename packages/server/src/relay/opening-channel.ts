// The first words on a channel decide which network, and so which router, it belongs to. This channel stands around
// another: it listens to the first words, then hands everything on as if nobody had. It also counts the bytes.

import { ChannelInbox } from '@hopmesh/core'
import type { Carries, Channel, ChannelReceiver, CloseReason, Clock, Medium } from '@hopmesh/core'
import { ByteQuota } from './byte-quota.ts'
import type { Pausable } from './byte-quota.ts'

/** What a reader makes of all bytes so far: a choice and what the router shall still hear, or `more`. */
export type Opening<T> = { readonly choice: T; readonly rest: Uint8Array } | 'more'

export interface ByteCount {
  received: number
  sent: number
}

/** Bytes kept until the choice is made: one hello, or a plain node's whole first table. */
const keptBytesMax = 262_144

export class OpeningChannel implements Channel {
  readonly medium: Medium
  readonly carries: Carries
  readonly role: 'dialer' | 'listener'
  readonly label: string
  readonly messageBytesMax: number
  readonly binding?: Uint8Array | undefined
  /** Absent where the channel inside cannot wait. */
  readonly pauseReading?: () => void
  readonly resumeReading?: () => void
  readonly #inner: Channel
  readonly #count: ByteCount
  readonly #inbox: ChannelInbox
  readonly #pausedBy = new Set<'router' | 'quota'>()
  #heard = false
  #quota: ByteQuota | undefined
  #listener: ((bytes: Uint8Array) => void) | undefined
  #onClosed: (() => void) | undefined

  constructor(inner: Channel, clock: Clock, count: ByteCount) {
    this.medium = inner.medium
    this.carries = inner.carries
    this.role = inner.role
    this.label = inner.label
    this.messageBytesMax = inner.messageBytesMax
    this.binding = inner.binding
    this.#inner = inner
    this.#count = count
    this.#inbox = new ChannelInbox({ clock, carries: inner.carries, keptBytesMax, failed: (reason) => inner.close(reason.detail) })
    if (inner.pauseReading && inner.resumeReading) {
      const router = this.#pausable('router')
      this.pauseReading = () => router.pauseReading()
      this.resumeReading = () => router.resumeReading()
    }
    inner.start({
      message: (bytes) => this.#message(bytes),
      drained: () => this.#inbox.drained(),
      closed: (reason) => this.#closed(reason),
    })
  }

  /** Whether the other side has said anything yet. */
  get heard(): boolean {
    return this.#heard
  }

  get closed(): boolean {
    return this.#inbox.closeReason !== undefined
  }

  /**
   * Reads until `read` has chosen. Undefined: it closed, or nothing was chosen within `withinMs`; what was heard is
   * kept either way. Once, before `start`.
   */
  choose<T>(read: (bytes: Uint8Array) => Opening<T>, clock: Clock, withinMs: number): Promise<T | undefined> {
    return new Promise((resolve) => {
      let early: Uint8Array = new Uint8Array(0)
      const settle = (choice: T | undefined, rest: Uint8Array): void => {
        cancel()
        this.#listener = undefined
        this.#onClosed = undefined
        this.#inbox.message(rest)
        resolve(choice)
      }
      const cancel = clock.setTimer(withinMs, () => settle(undefined, early))
      this.#onClosed = () => settle(undefined, early)
      this.#listener = (bytes) => {
        early = early.length === 0 ? bytes : new Uint8Array(Buffer.concat([early, bytes]))
        const opening = read(early)
        if (opening !== 'more') settle(opening.choice, opening.rest)
      }
      if (this.closed) settle(undefined, early)
    })
  }

  /** From now on it takes in no more than that. A channel that cannot wait is not held back. */
  limit(bytesPerSecond: number, clock: Clock): void {
    if (this.pauseReading) this.#quota = new ByteQuota(bytesPerSecond, clock, this.#pausable('quota'))
  }

  get bufferedBytes(): number {
    return this.#inner.bufferedBytes
  }

  start(receiver: ChannelReceiver): void {
    this.#inbox.start(receiver)
  }

  send(message: Uint8Array): boolean {
    this.#count.sent += message.length
    return this.#inner.send(message)
  }

  close(detail?: string): void {
    this.#inner.close(detail)
  }

  /** The channel inside is read while nobody wants it paused. */
  #pausable(who: 'router' | 'quota'): Pausable {
    return {
      pauseReading: () => {
        this.#pausedBy.add(who)
        this.#inner.pauseReading?.()
      },
      resumeReading: () => {
        if (this.#pausedBy.delete(who) && this.#pausedBy.size === 0) this.#inner.resumeReading?.()
      },
    }
  }

  #message(bytes: Uint8Array): void {
    this.#heard = true
    this.#count.received += bytes.length
    this.#quota?.took(bytes.length)
    if (this.#listener !== undefined) this.#listener(bytes)
    else this.#inbox.message(bytes)
  }

  #closed(reason: CloseReason): void {
    this.#onClosed?.()
    this.#quota?.stop()
    this.#inbox.close(reason)
  }
}
