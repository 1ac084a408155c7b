import type { Awaitable } from '../ports/crypto.ts'

/**
 * Runs tasks one after another. While every task answers at once nothing is queued, so a synchronous crypto port keeps
 * the whole ingress synchronous; the first promise makes the rest wait for it.
 */
export class OrderedQueue {
  readonly #waiting: (() => Awaitable<void>)[] = []
  readonly #lengthMax: number
  #busy = false

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax
  }

  /** False when `lengthMax` tasks wait already: the task is not taken. A task must not throw. */
  push(task: () => Awaitable<void>): boolean {
    if (this.#busy) {
      if (this.#waiting.length >= this.#lengthMax) return false
      this.#waiting.push(task)
      return true
    }
    const result = task()
    if (result instanceof Promise) void this.#drain(result)
    return true
  }

  /** Forgets what waits; the task under way ends by itself. */
  clear(): void {
    this.#waiting.length = 0
  }

  async #drain(first: Promise<void>): Promise<void> {
    this.#busy = true
    await first
    for (let task = this.#waiting.shift(); task !== undefined; task = this.#waiting.shift()) await task()
    this.#busy = false
  }
}
