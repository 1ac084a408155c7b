// Time that stands still until a test or the simulator moves it. All timers live in one heap, ordered by (time, order
// of asking), so that a run with the same seed is the same run.

import type { Clock } from '../ports/clock.ts'

interface ClockEvent {
  readonly at: number
  readonly sequence: number
  /** Undefined once cancelled. */
  callback: (() => void) | undefined
}

/** How it begins, and how promises run. */
export interface VirtualClockOptions {
  /** What `wallTime` says at the start, milliseconds since 1970. Default: the first second of 2026. */
  readonly wallTimeMs?: number | undefined
  /**
   * Lets promises run between events of `advance`. Default: a few dozen turns of the microtask queue. Code that waits for
   * something outside (WebCrypto) needs one that waits for a whole turn, such as `setImmediate`.
   */
  readonly settle?: (() => Promise<void>) | undefined
}

const settleTurns = 32

async function settleMicrotasks(): Promise<void> {
  for (let turn = 0; turn < settleTurns; turn += 1) await Promise.resolve()
}

/** A clock that is moved by hand: `runFor` in one go, `advance` with promises between. */
export class VirtualClock implements Clock {
  readonly #wallTimeMs: number
  readonly #settle: () => Promise<void>
  #heap: ClockEvent[] = []
  #now = 0
  #sequence = 0
  #cancelled = 0
  #ran = 0

  constructor(options: VirtualClockOptions = {}) {
    this.#wallTimeMs = options.wallTimeMs ?? 1_767_225_600_000
    this.#settle = options.settle ?? settleMicrotasks
  }

  now(): number {
    return this.#now
  }

  wallTime(): number {
    return this.#wallTimeMs + this.#now
  }

  /** Events run so far. */
  get ran(): number {
    return this.#ran
  }

  /** Timers that still wait. */
  get waiting(): number {
    return this.#heap.length - this.#cancelled
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    const event = this.#ask(this.#now + Math.max(delayMs, 0), callback)
    return () => this.#cancel(event)
  }

  soon(callback: () => void): void {
    this.#ask(this.#now, callback)
  }

  /** Runs every event up to `time` and stands there afterwards. Answers how many ran. */
  runUntil(time: number): number {
    const ranBefore = this.#ran
    for (let event = this.#next(time); event !== undefined; event = this.#next(time)) this.#run(event)
    this.#now = Math.max(this.#now, time)
    return this.#ran - ranBefore
  }

  runFor(ms: number): number {
    return this.runUntil(this.#now + ms)
  }

  /** Runs until nothing waits. Throws after `eventsMax` events: something asks for timers for ever. */
  runUntilIdle(eventsMax = 100_000): number {
    const ranBefore = this.#ran
    for (let event = this.#next(Infinity); event !== undefined; event = this.#next(Infinity)) {
      if (this.#ran - ranBefore >= eventsMax) {
        this.#push(event)
        throw new Error(`The clock is not idle after ${eventsMax} events`)
      }
      this.#run(event)
    }
    return this.#ran - ranBefore
  }

  /** As `runFor`, for code that awaits: promises settle before the first event and after each moment in which some ran. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await this.#settle()
    for (let event = this.#next(end); event !== undefined; event = this.#next(end)) {
      const moment = event.at
      for (let same: ClockEvent | undefined = event; same !== undefined; same = this.#next(moment)) this.#run(same)
      await this.#settle()
    }
    this.#now = Math.max(this.#now, end)
  }

  /** Advances until `condition` holds; throws when it does not within `withinMs`. */
  async advanceUntil(condition: () => boolean, withinMs = 60_000): Promise<void> {
    const end = this.#now + withinMs
    await this.#settle()
    while (!condition()) {
      const event = this.#next(end)
      if (event === undefined) {
        this.#now = Math.max(this.#now, end)
        throw new Error(`Not so within ${withinMs} ms of virtual time`)
      }
      this.#run(event)
      await this.#settle()
    }
  }

  #ask(at: number, callback: () => void): ClockEvent {
    const event: ClockEvent = { at, sequence: this.#sequence, callback }
    this.#sequence += 1
    this.#push(event)
    return event
  }

  #run(event: ClockEvent): void {
    this.#now = event.at
    this.#ran += 1
    const callback = event.callback
    event.callback = undefined
    callback?.()
  }

  #cancel(event: ClockEvent): void {
    if (event.callback === undefined) return
    event.callback = undefined
    this.#cancelled += 1
    if (this.#cancelled > 1_000 && this.#cancelled * 2 > this.#heap.length) this.#sweep()
  }

  #sweep(): void {
    // A sorted array is a heap.
    this.#heap = this.#heap.filter((event) => event.callback !== undefined).sort((a, b) => a.at - b.at || a.sequence - b.sequence)
    this.#cancelled = 0
  }

  /** Takes the earliest event that is due by `time` off the heap. */
  #next(time: number): ClockEvent | undefined {
    for (;;) {
      const first = this.#heap[0]
      if (first === undefined || first.at > time) return undefined
      this.#dropFirst()
      if (first.callback !== undefined) return first
      this.#cancelled -= 1
    }
  }

  #push(event: ClockEvent): void {
    const heap = this.#heap
    let hole = heap.length
    heap.push(event)
    while (hole > 0) {
      const parentIndex = (hole - 1) >> 1
      const parent = heap[parentIndex]
      if (parent === undefined || !before(event, parent)) break
      heap[hole] = parent
      hole = parentIndex
    }
    heap[hole] = event
  }

  #dropFirst(): void {
    const heap = this.#heap
    const moved = heap.pop()
    if (moved === undefined || heap.length === 0) return
    let hole = 0
    for (;;) {
      let childIndex = 2 * hole + 1
      let child = heap[childIndex]
      if (child === undefined) break
      const right = heap[childIndex + 1]
      if (right !== undefined && before(right, child)) {
        child = right
        childIndex += 1
      }
      if (!before(child, moved)) break
      heap[hole] = child
      hole = childIndex
    }
    heap[hole] = moved
  }
}

function before(a: ClockEvent, b: ClockEvent): boolean {
  return a.at === b.at ? a.sequence < b.sequence : a.at < b.at
}
