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

/** A channel that can be told to wait. */
export type WaitingChannel = Channel & Pausable

/** Bytes kept until the choice is made: one hello, or a plain node's whole first table. */
const keptBytesMax = 262_144

/** Who may want that nothing is read: bits. */
const pausers = { router: 1, quota: 2 } as const

/** Both ends of it: a channel for the router, and the receiver of the channel inside, which has to be one that can wait. */
export class OpeningChannel implements Channel, ChannelReceiver {
  readonly medium: Medium
  readonly carries: Carries
  readonly role: 'dialer' | 'listener'
  readonly label: string
  readonly messageBytesMax: number
  readonly binding?: Uint8Array | undefined
  readonly copiesMessages?: boolean | undefined
  readonly #inner: WaitingChannel
  readonly #count: ByteCount
  readonly #inbox: ChannelInbox
  #pausedBy = 0
  #heard = false
  #quota: ByteQuota | undefined
  #listener: ((bytes: Uint8Array) => void) | undefined
  #onClosed: (() => void) | undefined

  constructor(inner: WaitingChannel, clock: Clock, count: ByteCount) {
    this.medium = inner.medium
    this.carries = inner.carries
    this.role = inner.role
    this.label = inner.label
    this.messageBytesMax = inner.messageBytesMax
    this.binding = inner.binding
    this.copiesMessages = inner.copiesMessages
    this.#inner = inner
    this.#count = count
    this.#inbox = new ChannelInbox({ clock, carries: inner.carries, keptBytesMax, failed: (reason) => inner.close(reason.detail) })
    inner.start(this)
  }

  /** Whether the other side has said anything yet. */
  get heard(): boolean {
    return this.#heard
  }

  get over(): boolean {
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
      if (this.over) settle(undefined, early)
    })
  }

  /** From now on it takes in no more than that. */
  limit(bytesPerSecond: number, clock: Clock): void {
    this.#quota = new ByteQuota(bytesPerSecond, clock, {
      pauseReading: () => this.#pause('quota'),
      resumeReading: () => this.#resume('quota'),
    })
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

  pauseReading(): void {
    this.#pause('router')
  }

  resumeReading(): void {
    this.#resume('router')
  }

  /** From the channel inside. */
  message(bytes: Uint8Array): void {
    this.#heard = true
    this.#count.received += bytes.length
    this.#quota?.took(bytes.length)
    if (this.#listener !== undefined) this.#listener(bytes)
    else this.#inbox.message(bytes)
  }

  /** As `message`. */
  drained(): void {
    this.#inbox.drained()
  }

  /** As `message`. */
  closed(reason: CloseReason): void {
    this.#onClosed?.()
    this.#quota?.stop()
    this.#inbox.close(reason)
  }

  #pause(who: keyof typeof pausers): void {
    this.#pausedBy |= pausers[who]
    this.#inner.pauseReading()
  }

  /** The channel inside is read while nobody wants it paused. */
  #resume(who: keyof typeof pausers): void {
    if (!(this.#pausedBy & pausers[who])) return
    this.#pausedBy &= ~pausers[who]
    if (this.#pausedBy === 0) this.#inner.resumeReading()
  }
}
