import type { Awaitable } from '../ports/crypto.ts'

/**
 * Steps that wait only when they must: with a port that answers at once the whole run is synchronous, so that the
 * simulator replays exactly; with WebCrypto it becomes a promise. Write `const hash = yield* wait(crypto.sha256(x))`
 * inside a generator and start it with `run`.
 */
export type Steps<T> = Generator<Promise<unknown>, T, unknown>

export function* wait<T>(value: Awaitable<T>): Steps<T> {
  return value instanceof Promise ? ((yield value) as T) : value
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
