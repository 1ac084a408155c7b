import { deferred, type Deferred } from './deferred.ts'

/** As `Deferred`, whose promise is made when somebody looks at it: of thousands, nobody looks at most. The first outcome stands. */
export class Outcome<T> {
  #promise: Promise<T> | undefined
  /** As long as somebody waits. */
  #waiting: Deferred<T> | undefined

  get promise(): Promise<T> {
    if (this.#promise === undefined) {
      this.#waiting = deferred<T>()
      this.#promise = this.#waiting.promise
    }
    return this.#promise
  }

  resolve(value: T): void {
    this.#settle((waiting) => waiting.resolve(value))
  }

  reject(error: Error): void {
    this.#settle((waiting) => waiting.reject(error))
  }

  #settle(act: (waiting: Deferred<T>) => void): void {
    if (this.#promise !== undefined && this.#waiting === undefined) return
    const waiting = this.#waiting ?? deferred<T>()
    this.#promise = waiting.promise
    this.#waiting = undefined
    act(waiting)
  }
}
