// The letters that this member has under way, and those of them that are stored: kept for a member that is away, within their time to
// live, and where the identity is persistent also for the next process with it.

import { RecentSet } from '../bytes/recent-set.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Clock } from '../ports/clock.ts'
import { decodeLetter, encodeLetter, letterKey, letterScope, type Letter } from './letter.ts'
import type { MessageStore } from './message-store.ts'

/** Letters that `send` waits for; beyond, QUEUE_FULL. */
export const lettersMax = 8_192
export const letterBytesMax = 67_108_864
/** Letters that are stored; beyond, QUEUE_FULL. */
export const storedMax = 1_000
export const storedBytesMax = 33_554_432
/** Clocks are set, and machines sleep: what is over is looked for this often, beside when it should be. */
const sweepEveryMs = 30_000
/** Another tab's letter that lies there twice in a row is looked after here, too. */
const lookEveryMs = 60_000
const removedMax = 4_096

export interface OutboxOptions {
  readonly clock: Clock
  /** Its time is over. */
  expired(letter: Letter): void
  /** Another tab of the same identity stored it, and left it behind. */
  found(letter: Letter): void
  /** Another process of the same identity stored it, and it is in the store no more: delivered, dropped or over. */
  gone(letter: Letter): void
}

interface Kept {
  readonly letter: Letter
  stored: boolean
  /** It was found in the store. */
  readonly found: boolean
}

export class Outbox {
  readonly #options: OutboxOptions
  readonly #letters = new Map<string, Kept>()
  #bytes = 0
  #stored = 0
  #storedBytes = 0
  #store: MessageStore | undefined
  #stopSweep: (() => void) | undefined
  #sweepAt = Infinity
  #stopLooking: (() => void) | undefined
  /** Keys of letters that are not of this process, and that are not there any more as far as it is concerned. */
  #strange: ReadonlySet<string> = new Set()
  readonly #removed = new RecentSet<string>(removedMax)
  #closed = false

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** How many are stored. */
  get stored(): number {
    return this.#stored
  }

  /** The letters of the process before this one. */
  async attach(store: MessageStore): Promise<readonly Letter[]> {
    this.#store = store
    const letters: Letter[] = []
    const broken: string[] = []
    const there = await store.list(letterScope)
    if (!there || this.#closed) return []
    for (const [key, value] of there) {
      const letter = decodeLetter(key, value)
      if (!letter) broken.push(key)
      else if (!this.#letters.has(letterKey(letter))) letters.push(letter)
    }
    store.delete(broken)
    const inOrder = letters.toSorted((one, other) => one.order - other.order)
    for (const letter of inOrder) this.#count({ letter, stored: true, found: true }, 1)
    if (inOrder.length > 0) this.#sweep()
    this.#lookLater()
    return inOrder.filter((letter) => this.has(letter))
  }

  has(letter: Letter): boolean {
    return this.#letters.get(letterKey(letter))?.letter === letter
  }

  isStored(letter: Letter): boolean {
    return this.#letters.get(letterKey(letter))?.stored === true
  }

  /** What waits for members that are away, the oldest first. */
  storedLetters(): Letter[] {
    return Array.from(this.#letters.values()).flatMap(({ letter, stored }) => (stored ? [letter] : []))
  }

  /** QUEUE_FULL, or undefined: it is under way. */
  add(letter: Letter): MeshError | undefined {
    const { size } = this.#letters
    if (size - this.#stored >= lettersMax || this.#bytes - this.#storedBytes + letter.bytes.length > letterBytesMax) {
      return new MeshError('QUEUE_FULL', `${size} messages are on their way already`)
    }
    this.#count({ letter, stored: false, found: false }, 1)
    return undefined
  }

  /** Keeps it for later; true: also beyond this process. Rejects with QUEUE_FULL when too many are kept already. */
  async keep(letter: Letter): Promise<boolean> {
    const kept = this.#letters.get(letterKey(letter))
    if (kept?.letter !== letter) return false
    if (this.#stored >= storedMax || this.#storedBytes + letter.bytes.length > storedBytesMax) {
      throw new MeshError('QUEUE_FULL', `${this.#stored} messages with ${this.#storedBytes} bytes wait for members that are away already`)
    }
    kept.stored = true
    this.#stored += 1
    this.#storedBytes += letter.bytes.length
    this.#sweepBy(letter.expiresAt)
    const durable = (await this.#store?.set(letterKey(letter), encodeLetter(letter))) === true
    // Delivered meanwhile.
    if (!this.has(letter)) this.#store?.delete([letterKey(letter)])
    return durable
  }

  /** It is delivered, or over. */
  remove(letter: Letter): void {
    const kept = this.#letters.get(letterKey(letter))
    if (kept?.letter !== letter) return
    this.#letters.delete(letterKey(letter))
    this.#removed.add(letterKey(letter))
    this.#count(kept, -1)
    if (kept.stored) this.#store?.delete([letterKey(letter)])
  }

  /** What is stored stays where it is. */
  close(): void {
    this.#closed = true
    this.#stopSweep?.()
    this.#stopLooking?.()
    this.#store = undefined
    this.#letters.clear()
  }

  #lookLater(): void {
    if (this.#store) this.#stopLooking = this.#options.clock.setTimer(lookEveryMs, () => void this.#look())
  }

  /** A tab that was closed has nobody to send its letters; a second one that sends them does no harm. */
  async #look(): Promise<void> {
    const store = this.#store
    if (!store) return
    const there = await store.list(letterScope)
    if (!there || this.#closed) return
    const strange = new Set<string>()
    this.#forgetGone(new Set(there.map(([key]) => key)))
    for (const [key, value] of there) {
      if (this.#letters.has(key) || this.#removed.has(key) || this.#stored >= storedMax) continue
      strange.add(key)
      const letter = this.#strange.has(key) ? decodeLetter(key, value) : undefined
      if (!letter) continue
      this.#count({ letter, stored: true, found: true }, 1)
      this.#sweepBy(letter.expiresAt)
      this.#options.found(letter)
    }
    this.#strange = strange
    this.#lookLater()
  }

  #forgetGone(there: ReadonlySet<string>): void {
    for (const [key, kept] of [...this.#letters]) {
      if (!kept.found || there.has(key)) continue
      this.#letters.delete(key)
      this.#count(kept, -1)
      this.#options.gone(kept.letter)
    }
  }

  #count(kept: Kept, by: 1 | -1): void {
    const { letter, stored } = kept
    if (by === 1) this.#letters.set(letterKey(letter), kept)
    this.#bytes += by * letter.bytes.length
    if (!stored) return
    this.#stored += by
    this.#storedBytes += by * letter.bytes.length
  }

  #sweepBy(at: number): void {
    const { clock } = this.#options
    const now = clock.wallTime()
    const due = Math.min(Math.max(at, now), now + sweepEveryMs)
    if (due >= this.#sweepAt) return
    this.#stopSweep?.()
    this.#sweepAt = due
    this.#stopSweep = clock.setTimer(due - now, () => this.#sweep())
  }

  #sweep(): void {
    this.#stopSweep?.()
    this.#sweepAt = Infinity
    const now = this.#options.clock.wallTime()
    for (const letter of this.storedLetters()) {
      if (letter.expiresAt > now) continue
      this.remove(letter)
      this.#options.expired(letter)
    }
    for (const { expiresAt } of this.storedLetters()) this.#sweepBy(expiresAt)
  }
}
