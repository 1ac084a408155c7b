import type { Clock } from '../ports/clock.ts'

/** Read of one link in a row, in bytes, while others have something to say: then it is their turn. */
export const readingTurnBytesMax: number = 256 * 1024
/** What a frame or packet costs beside its bytes. */
export const readingItemBytes = 512
/** Who was heard within this time is somebody who has something to say. */
const othersMs = 100

/** Something that can be told to wait. */
export interface Reading {
  /** Reads no further. False: it cannot wait. */
  hold(): boolean
  release(): void
}

/**
 * The links of a busy node are read in turns: a socket that always has more would be read until it is empty, while what the
 * others sent grows old. Whoever has had its turn waits, and its sender with it, until the next one. Nothing is dropped. A link
 * that is alone is never held up.
 */
export class ReadingTurns {
  readonly #clock: Clock
  readonly #held = new Set<Reading>()
  #present: Reading | undefined
  #presentBytes = 0
  #othersAt = Number.NEGATIVE_INFINITY
  #scheduled = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** So much was read of this one. */
  read(reading: Reading, bytes: number): void {
    if (reading !== this.#present) {
      if (this.#present) this.#othersAt = this.#clock.now()
      this.#present = reading
      this.#presentBytes = 0
    }
    this.#presentBytes += bytes
    if (this.#presentBytes < readingTurnBytesMax) return
    this.#presentBytes = 0
    if (this.#clock.now() - this.#othersAt < othersMs) this.#hold(reading)
  }

  /** Its link has ended. */
  forget(reading: Reading): void {
    this.#held.delete(reading)
    if (this.#present === reading) this.#present = undefined
  }

  #hold(reading: Reading): void {
    if (this.#held.has(reading) || !reading.hold()) return
    this.#releaseAll()
    this.#held.add(reading)
    if (this.#scheduled) return
    this.#scheduled = true
    this.#clock.setTimer(0, () => {
      this.#scheduled = false
      this.#releaseAll()
    })
  }

  #releaseAll(): void {
    for (const waiting of this.#held) waiting.release()
    this.#held.clear()
  }
}
