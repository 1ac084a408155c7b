import { EventEmitter } from 'eventemitter3'
import { MeshError } from '../errors/mesh-error.ts'
import { checkSignal, describeThrown } from './operations.ts'

/** How long somebody listens. */
export interface ListenOptions {
  /** Aborting it removes the listener. */
  signal?: AbortSignal | undefined
  /** Removed after its first call. */
  once?: boolean | undefined
}

/** Unlike a void function, one whose promise is looked at: a rejection is reported, never unhandled. */
export type Listener<A extends readonly unknown[]> = (...event: A) => unknown

type EventMap<E> = { [K in keyof E]: readonly unknown[] }

/**
 * eventemitter3 with types, an unsubscribe function and a guard: a listener that throws or rejects disturbs neither
 * the other listeners nor the caller; it is reported as HANDLER_FAILED. A listener stands once per event.
 */
export class GuardedEvents<E extends EventMap<E>> {
  readonly #emitter = new EventEmitter()
  /** What ends each of those that listen. */
  readonly #ends = new Map<keyof E, Map<unknown, () => void>>()
  readonly #report: (error: MeshError, event: string) => void

  constructor(report: (error: MeshError, event: string) => void) {
    this.#report = report
  }

  on<K extends keyof E & string>(event: K, listener: Listener<E[K]>, options: ListenOptions = {}): () => void {
    if (typeof listener !== 'function') throw new MeshError('INVALID_OPTION', `the listener of '${event}' must be a function`)
    const { signal, once } = options
    checkSignal(signal)
    if (signal?.aborted) return () => {}
    this.off(event, listener)
    const guard = (...args: unknown[]): void => {
      if (once) end()
      this.#call(event, listener, args)
    }
    const ends = this.#endsOf(event)
    const end = (): void => {
      signal?.removeEventListener('abort', end)
      this.#emitter.off(event, guard)
      if (ends.get(listener) === end) ends.delete(listener)
    }
    ends.set(listener, end)
    this.#emitter.on(event, guard)
    signal?.addEventListener('abort', end)
    return end
  }

  off<K extends keyof E & string>(event: K, listener: Listener<E[K]>): void {
    this.#ends.get(event)?.get(listener)?.()
  }

  emit<K extends keyof E & string>(event: K, ...args: E[K]): void {
    this.#emitter.emit(event, ...args)
  }

  listenerCount(event: keyof E & string): number {
    return this.#emitter.listenerCount(event)
  }

  /** Nobody listens any more; no signal keeps who did. */
  clear(): void {
    for (const ends of this.#ends.values()) for (const end of ends.values()) end()
  }

  #endsOf(event: keyof E): Map<unknown, () => void> {
    const known = this.#ends.get(event)
    if (known) return known
    const fresh = new Map<unknown, () => void>()
    this.#ends.set(event, fresh)
    return fresh
  }

  #call<K extends keyof E & string>(event: K, listener: Listener<E[K]>, args: unknown[]): void {
    try {
      const returned = listener(...(args as unknown as E[K]))
      if (isThenable(returned)) Promise.resolve(returned).catch((error: unknown) => this.#failed(event, error))
    } catch (error) {
      this.#failed(event, error)
    }
  }

  #failed(event: string, thrown: unknown): void {
    this.#report(new MeshError('HANDLER_FAILED', `a listener of '${event}' failed: ${describeThrown(thrown)}`, { cause: thrown }), event)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
