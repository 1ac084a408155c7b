import type { Awaitable } from '../ports/crypto.ts'

/**
 * Runs tasks one after another. While every task answers at once nothing is queued, so a synchronous crypto port keeps
 * the whole ingress synchronous; the first promise makes the rest wait for it.
 */
export class OrderedQueue {
  /** Undefined as long as nothing ever waited: there are thousands of queues. */
  #waiting: { readonly task: () => Awaitable<void>; readonly bytes: number }[] | undefined
  readonly #lengthMax: number
  readonly #bytesMax: number
  #waitingBytes = 0
  #busy = false
  #paused = false

  /** `bytesMax`: of what the tasks that wait hold, as they say. Default: no bound but their number. */
  constructor(lengthMax: number, bytesMax: number = Number.POSITIVE_INFINITY) {
    this.#lengthMax = lengthMax
    this.#bytesMax = bytesMax
  }

  /** What the tasks that wait hold. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** False when `lengthMax` tasks wait already, or hold `bytesMax`: the task is not taken. A task must not throw. */
  push(task: () => Awaitable<void>, bytes = 0): boolean {
    if (this.#busy || this.#paused) {
      this.#waiting ??= []
      if (this.#waiting.length >= this.#lengthMax || this.#waitingBytes + bytes > this.#bytesMax) return false
      this.#waiting.push({ task, bytes })
      this.#waitingBytes += bytes
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
      const task = this.#next()
      if (task === undefined) return
      this.#start(task)
    }
  }

  #next(): (() => Awaitable<void>) | undefined {
    const next = this.#waiting?.shift()
    this.#waitingBytes -= next?.bytes ?? 0
    return next?.task
  }

  #start(task: () => Awaitable<void>): void {
    const result = task()
    if (result instanceof Promise) void this.#drain(result)
  }

  /** Forgets what waits; the task under way ends by itself. */
  clear(): void {
    this.#waiting = undefined
    this.#waitingBytes = 0
  }

  async #drain(first: Promise<void>): Promise<void> {
    this.#busy = true
    await first
    while (!this.#paused) {
      const task = this.#next()
      if (task === undefined) break
      await task()
    }
    this.#busy = false
  }
}
