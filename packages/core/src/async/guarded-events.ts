import { EventEmitter } from 'eventemitter3'
import { MeshError } from '../errors/mesh-error.ts'
import { checkSignal, describeThrown } from './operations.ts'

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
  readonly #guards = new Map<keyof E, Map<unknown, (...event: unknown[]) => void>>()
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
    const off = (): void => {
      signal?.removeEventListener('abort', off)
      if (this.#guards.get(event)?.get(listener) === guard) this.off(event, listener)
    }
    const guard = (...args: unknown[]): void => {
      if (once) off()
      this.#call(event, listener, args)
    }
    this.#guardsOf(event).set(listener, guard)
    this.#emitter.on(event, guard)
    signal?.addEventListener('abort', off)
    return off
  }

  off<K extends keyof E & string>(event: K, listener: Listener<E[K]>): void {
    const guard = this.#guards.get(event)?.get(listener)
    if (!guard) return
    this.#guards.get(event)?.delete(listener)
    this.#emitter.off(event, guard)
  }

  emit<K extends keyof E & string>(event: K, ...args: E[K]): void {
    this.#emitter.emit(event, ...args)
  }

  listenerCount(event: keyof E & string): number {
    return this.#emitter.listenerCount(event)
  }

  clear(): void {
    this.#guards.clear()
    this.#emitter.removeAllListeners()
  }

  #guardsOf(event: keyof E): Map<unknown, (...event: unknown[]) => void> {
    const known = this.#guards.get(event)
    if (known) return known
    const fresh = new Map<unknown, (...event: unknown[]) => void>()
    this.#guards.set(event, fresh)
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
