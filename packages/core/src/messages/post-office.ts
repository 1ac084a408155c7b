// Letters on their way out: `post` settles when one is delivered, or stored for a member that is away. What becomes of a stored one is
// told as a delivery, in this process or in another one of the same identity.

import type { OperationOptions, Operations, Settle } from '../async/operations.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Router } from '../routing/router.ts'
import { requestTimeoutMs } from '../calls/requests.ts'
import { Deliveries, type DeliveriesOptions } from './deliveries.ts'
import { letterTtlMsMax, type Letter } from './letter.ts'
import { decodeMessage, type MessagePart } from './message-codec.ts'
import type { Delivery, Sent } from './message.ts'
import type { MessageStore } from './message-store.ts'
import { Outbox } from './outbox.ts'

/** Nobody who is there is found later than this: then a message for somebody away is stored. */
const awayMs = 2_000

export interface PostOfficeOptions extends Omit<DeliveriesOptions, 'settled'> {
  readonly operations: Operations
  /** What became of a stored one. */
  delivery(delivery: Delivery): void
}

export interface PostOptions extends OperationOptions {
  /** How long it is kept for a member that is away, in milliseconds; 0: not at all, and `send` rejects instead. Default and most: 7 days. */
  readonly ttlMs?: number | undefined
}

/** A message that waits for a member that is away. */
export interface StoredMessage {
  readonly id: string
  /** The `who` of the member. */
  readonly to: string
  readonly parts: readonly MessagePart[]
  /** Milliseconds since 1970. */
  readonly sentAt: number
  /** Milliseconds since 1970: after it the message is given up. */
  readonly expiresAt: number
}

/** What apps see of it. */
export interface MessageOutbox {
  /** The oldest first. */
  list(): StoredMessage[]
  /** It is not delivered any more, unless it just was; another tab that took it over hears of it within a minute. False: nothing of that id waits. */
  drop(id: string): boolean
}

/** A message for whomever it goes to. */
export interface Draft {
  readonly id: string
  readonly sentAt: number
  readonly bytes: Uint8Array
}

/** One of them; the address is that of the tab that was meant. */
export interface Recipient {
  readonly who: string
  readonly address: string | undefined
}

export class PostOffice implements MessageOutbox {
  readonly #options: PostOfficeOptions
  readonly #outbox: Outbox
  readonly #deliveries: Deliveries
  /** Letters that a `send` waits for. */
  readonly #pending = new Map<Letter, Settle<Sent>>()
  #order = 0
  #closed = false

  constructor(options: PostOfficeOptions) {
    this.#options = options
    this.#outbox = new Outbox({
      clock: options.clock,
      expired: (letter) => this.#expired(letter),
      found: (letter) => this.#deliveries.begin(letter),
      gone: (letter) => this.#deliveries.cancel(letter),
    })
    this.#deliveries = new Deliveries({ ...options, settled: (letter, error) => this.#settled(letter, error) })
  }

  /** What it returns is over when the letters of the process before are known; undefined: there are none. */
  attach(router: Router, store: MessageStore | undefined): Promise<void> | undefined {
    this.#deliveries.attach(router)
    return store && this.#resume(store)
  }

  /** Resolves when the library of that member has it, or when it is stored. */
  post({ id, sentAt, bytes }: Draft, { who, address }: Recipient, options: PostOptions): Promise<Sent> {
    const { signal, timeoutMs = requestTimeoutMs, ttlMs = letterTtlMsMax } = options
    const { clock, operations } = this.#options
    this.#order = Math.max(this.#order + 1, sentAt * 8)
    const letter: Letter = { id, who, address, bytes, sentAt, expiresAt: sentAt + ttlMs, order: this.#order }
    return operations.run<Sent>({
      signal,
      timeoutMs: Infinity,
      begin: (settle) => {
        const refused = this.#outbox.add(letter)
        if (refused) throw refused
        this.#pending.set(letter, settle)
        const giveUp = (): void => {
          if (ttlMs === 0) settle.reject(this.#undelivered(letter, timeoutMs))
          else this.#keep(letter, settle)
        }
        const atFirstMs = ttlMs === 0 ? timeoutMs : Math.min(timeoutMs, awayMs)
        let stop = timer(clock, atFirstMs, () => {
          if (!this.#deliveries.isUnderway(letter)) return giveUp()
          stop = timer(clock, timeoutMs - atFirstMs, giveUp)
        })
        this.#deliveries.begin(letter)
        return () => {
          stop()
          this.#pending.delete(letter)
          if (this.#outbox.isStored(letter)) return
          this.#deliveries.cancel(letter)
          this.#outbox.remove(letter)
        }
      },
    })
  }

  #keep(letter: Letter, settle: Settle<Sent>): void {
    this.#outbox.keep(letter).then(
      (durable) => settle.resolve({ id: letter.id, state: 'stored', durable }),
      (error: unknown) => settle.reject(error as MeshError),
    )
  }

  #undelivered(letter: Letter, timeoutMs: number): MeshError {
    return this.#deliveries.isUnderway(letter)
      ? new MeshError('TIMEOUT', `no answer from ${letter.who} within ${timeoutMs} ms`)
      : new MeshError('NO_ROUTE', `no path to ${letter.who} within ${timeoutMs} ms`)
  }

  #settled(letter: Letter, error: MeshError | undefined): void {
    const stored = this.#outbox.isStored(letter)
    const settle = this.#pending.get(letter)
    this.#outbox.remove(letter)
    if (!settle && stored) this.#options.delivery({ id: letter.id, to: letter.who, state: error ? 'failed' : 'delivered' })
    else if (error) settle?.reject(error)
    else settle?.resolve({ id: letter.id, state: 'delivered' })
  }

  #expired(letter: Letter): void {
    this.#deliveries.cancel(letter)
    this.#options.delivery({ id: letter.id, to: letter.who, state: 'expired' })
  }

  /** The letters of the process before. */
  async #resume(store: MessageStore): Promise<void> {
    for (const letter of await this.#outbox.attach(store)) {
      if (!this.#closed && this.#outbox.has(letter)) this.#deliveries.begin(letter)
    }
  }

  /** How many `list` has. */
  get storedCount(): number {
    return this.#outbox.stored
  }

  list(): StoredMessage[] {
    return this.#outbox.storedLetters().map(({ id, who, bytes, sentAt, expiresAt }) => {
      return { id, to: who, parts: decodeMessage(bytes)?.parts ?? [], sentAt, expiresAt }
    })
  }

  drop(id: string): boolean {
    const letters = this.#outbox.storedLetters().filter((letter) => letter.id === id)
    for (const letter of letters) {
      this.#outbox.remove(letter)
      this.#deliveries.cancel(letter)
    }
    return letters.length > 0
  }

  /** What is stored stays where it is. */
  close(): void {
    this.#closed = true
    this.#deliveries.close()
    this.#outbox.close()
  }
}

function timer(clock: Clock, delayMs: number, callback: () => void): () => void {
  return delayMs === Infinity ? () => {} : clock.setTimer(delayMs, callback)
}
