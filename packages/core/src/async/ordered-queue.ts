import type { Awaitable } from '../ports/crypto.ts'

/**
 * Runs tasks one after another. While every task answers at once nothing is queued, so a synchronous crypto port keeps
 * the whole ingress synchronous; the first promise makes the rest wait for it.
 */
export class OrderedQueue {
  readonly #waiting: (() => Awaitable<void>)[] = []
  readonly #lengthMax: number
  #busy = false
  #paused = false

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax
  }

  /** False when `lengthMax` tasks wait already: the task is not taken. A task must not throw. */
  push(task: () => Awaitable<void>): boolean {
    if (this.#busy || this.#paused) {
      if (this.#waiting.length >= this.#lengthMax) return false
      this.#waiting.push(task)
      return true
    }
    this.#start(task)
    return true
  }

  /** Nothing more begins until `resume`. */
  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    while (!this.#busy && !this.#paused) {
      const task = this.#waiting.shift()
      if (task === undefined) return
      this.#start(task)
    }
  }

  #start(task: () => Awaitable<void>): void {
    const result = task()
    if (result instanceof Promise) void this.#drain(result)
  }

  /** Forgets what waits; the task under way ends by itself. */
  clear(): void {
    this.#waiting.length = 0
  }

  async #drain(first: Promise<void>): Promise<void> {
    this.#busy = true
    await first
    while (!this.#paused) {
      const task = this.#waiting.shift()
      if (task === undefined) break
      await task()
    }
    this.#busy = false
  }
}
