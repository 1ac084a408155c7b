import type { Awaitable } from '../ports/crypto.ts'

export interface PipelineTask<T> {
  /** What it throws, or its promise rejects with, goes to `failed`. */
  begin(): Awaitable<T>
  /** Called in the order of the tasks. Must not throw. */
  finish(value: T): void
  failed(error: unknown): void
  /** Asked before it begins beside others: then it begins when every earlier task has finished, and no later one before it has. */
  isAlone(): boolean
}

interface Place<T> {
  readonly task: PipelineTask<T>
  outcome: { readonly value: T } | { readonly error: unknown } | undefined
  begun: boolean
  alone: boolean
}

/**
 * Begins a few tasks at a time and finishes them in their order, so that who waits for another thread does not wait for each
 * answer alone. While every task answers at once nothing is queued: a synchronous crypto port keeps the whole of it synchronous.
 */
export class Pipeline<T> {
  readonly #lengthMax: number
  readonly #width: number
  #places: Place<T>[] = []

  constructor(lengthMax: number, width: number) {
    this.#lengthMax = lengthMax
    this.#width = width
  }

  /** Tasks that have not finished. */
  get length(): number {
    return this.#places.length
  }

  /** False when `lengthMax` tasks have not finished yet: the task is not taken. */
  push(task: PipelineTask<T>): boolean {
    if (this.#places.length >= this.#lengthMax) return false
    this.#places.push({ task, outcome: undefined, begun: false, alone: false })
    this.#beginMore()
    return true
  }

  /** Forgets what has not begun, and what the tasks under way come to. */
  clear(): void {
    this.#places = []
  }

  #beginMore(): void {
    for (let index = 0; index < this.#places.length && index < this.#width; index += 1) {
      const place = this.#places[index]!
      if (!place.begun) {
        place.alone = place.task.isAlone()
        if (place.alone && index > 0) return
        this.#begin(place)
        // It may have finished at once, and with it the places in front.
        if (this.#places[index] !== place) {
          index = -1
          continue
        }
      }
      if (place.alone) return
    }
  }

  #begin(place: Place<T>): void {
    place.begun = true
    try {
      const begun = place.task.begin()
      if (begun instanceof Promise) {
        begun.then(
          (value) => this.#settled(place, { value }),
          (error: unknown) => this.#settled(place, { error }),
        )
        return
      }
      place.outcome = { value: begun }
    } catch (error) {
      place.outcome = { error }
    }
    this.#finish()
  }

  #settled(place: Place<T>, outcome: NonNullable<Place<T>['outcome']>): void {
    place.outcome = outcome
    this.#finish()
    this.#beginMore()
  }

  #finish(): void {
    for (let first = this.#places[0]; first?.outcome !== undefined; first = this.#places[0]) {
      this.#places.shift()
      if ('value' in first.outcome) first.task.finish(first.outcome.value)
      else first.task.failed(first.outcome.error)
    }
  }
}
