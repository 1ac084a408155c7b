import type { Channel, Clock } from '@hopmesh/core'

/** What can be told to read no further for a while. */
export type Pausable = Required<Pick<Channel, 'pauseReading' | 'resumeReading'>>

/**
 * Holds what comes in to so many bytes a second, with a second's worth at once. What comes faster waits in the sender's
 * socket: nothing is lost, and the relay keeps none of it.
 */
export class ByteQuota {
  readonly #bytesPerSecond: number
  readonly #clock: Clock
  readonly #source: Pausable
  #left: number
  #at: number
  #cancelResume: (() => void) | undefined

  constructor(bytesPerSecond: number, clock: Clock, source: Pausable) {
    this.#bytesPerSecond = bytesPerSecond
    this.#clock = clock
    this.#source = source
    this.#left = bytesPerSecond
    this.#at = clock.now()
  }

  took(bytes: number): void {
    const now = this.#clock.now()
    this.#left = Math.min(this.#bytesPerSecond, this.#left + ((now - this.#at) / 1_000) * this.#bytesPerSecond) - bytes
    this.#at = now
    if (this.#left >= 0) return
    this.#source.pauseReading()
    this.#cancelResume?.()
    this.#cancelResume = this.#clock.setTimer((-this.#left / this.#bytesPerSecond) * 1_000, () => {
      this.#cancelResume = undefined
      this.#source.resumeReading()
    })
  }

  stop(): void {
    this.#cancelResume?.()
  }
}
