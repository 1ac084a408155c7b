import type { Awaitable } from '../ports/crypto.ts'

/**
 * Steps that wait only when they must: with a port that answers at once the whole run is synchronous, so that the
 * simulator replays exactly; with WebCrypto it becomes a promise. Write `const hash = yield* wait(crypto.sha256(x))`
 * inside a generator and start it with `run`.
 */
export type Steps<T> = Generator<Promise<unknown>, T, unknown>

export function wait<T>(value: Awaitable<T>): Iterable<Promise<unknown>, T, unknown> {
  return value instanceof Promise ? waiting(value) : new Ready(value)
}

function* waiting<T>(value: Promise<T>): Steps<T> {
  return (yield value) as T
}

/** What is there already: a fraction of what a generator costs. */
class Ready<T> {
  readonly done = true
  readonly value: T

  constructor(value: T) {
    this.value = value
  }

  [Symbol.iterator](): this {
    return this
  }

  next(): this {
    return this
  }
}

export function run<T>(steps: Steps<T>): Awaitable<T> {
  const first = steps.next()
  return first.done ? first.value : resume(steps, first.value)
}

async function resume<T>(steps: Steps<T>, pending: Promise<unknown>): Promise<T> {
  for (;;) {
    let next: IteratorResult<Promise<unknown>, T>
    try {
      next = steps.next(await pending)
    } catch (error) {
      next = steps.throw(error)
    }
    if (next.done) return next.value
    pending = next.value
  }
}
