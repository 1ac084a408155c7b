import { optionsFault } from '../errors/known-options.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Clock } from '../ports/clock.ts'

/** What every operation that waits for somebody else takes. */
export interface OperationOptions {
  /** Aborting it rejects the operation with ABORTED. */
  signal?: AbortSignal | undefined
  /** Milliseconds, more than 0; Infinity: no limit. */
  timeoutMs?: number | undefined
}

/** The names in `OperationOptions`. */
export const operationOptions: readonly string[] = ['signal', 'timeoutMs'] satisfies (keyof OperationOptions)[]

export interface Settle<T> {
  resolve(value: T): void
  reject(error: MeshError): void
}

export interface Operation<T> extends OperationOptions {
  readonly timeoutMs: number
  /** Starts it. What it returns is called once, when the operation has settled. */
  begin(settle: Settle<T>): (() => void) | undefined
  /** The error when the time is up; absent: a TIMEOUT that says no more than that. */
  timedOut?(): MeshError
}

/**
 * Everything that is pending and belongs to one owner: each operation settles with a value, its own error, TIMEOUT,
 * ABORTED or, when the owner closes, CLOSED. None of the promises is ever an unhandled rejection.
 */
export class Operations {
  readonly #clock: Clock
  readonly #pending = new Set<(error: MeshError) => void>()
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many wait. */
  get size(): number {
    return this.#pending.size
  }

  run<T>(operation: Operation<T>): Promise<T> {
    return handled(new Promise<T>((resolve, reject) => this.#start(operation, resolve, reject)))
  }

  /** The outcome of `promise`, bounded as every operation is. */
  follow<T>(promise: Promise<T>, operation: Omit<Operation<T>, 'begin'>): Promise<T> {
    return this.run<T>({
      ...operation,
      begin(settle) {
        promise.then(settle.resolve, (error: unknown) => settle.reject(asMeshError(error)))
        return undefined
      },
    })
  }

  /** Everything pending, and everything started later, rejects with CLOSED. */
  close(): void {
    this.#closed = true
    for (const reject of [...this.#pending]) reject(closedError())
  }

  #start<T>(operation: Operation<T>, resolve: (value: T) => void, reject: (error: MeshError) => void): void {
    const { signal, timeoutMs } = operation
    if (this.#closed) return reject(closedError())
    const wrong = signalFault(signal) ?? timeoutFault(timeoutMs)
    if (wrong) return reject(wrong)
    if (signal?.aborted) return reject(abortedError(signal))
    let settled = false
    let cleanUp: (() => void) | undefined
    const finish = (): boolean => {
      if (settled) return false
      settled = true
      stopTimer?.()
      signal?.removeEventListener('abort', onAbort)
      this.#pending.delete(fail)
      cleanUp?.()
      return true
    }
    const fail = (error: MeshError): void => {
      if (finish()) reject(error)
    }
    const onAbort = (): void => {
      if (signal) fail(abortedError(signal))
    }
    const late = (): void => fail(operation.timedOut?.() ?? new MeshError('TIMEOUT', `nothing came within ${timeoutMs} ms`))
    const stopTimer = timeoutMs === Infinity ? undefined : this.#clock.setTimer(timeoutMs, late)
    signal?.addEventListener('abort', onAbort)
    this.#pending.add(fail)
    try {
      const returned = operation.begin({
        resolve: (value) => {
          if (finish()) resolve(value)
        },
        reject: fail,
      })
      // `begin` may have settled before it could say how to clean up.
      if (settled) returned?.()
      else cleanUp = returned
    } catch (error) {
      fail(asMeshError(error))
    }
  }
}

/** Throws INVALID_OPTION for what is neither an AbortSignal nor undefined. */
export function checkSignal(signal: unknown): void {
  const wrong = signalFault(signal)
  if (wrong) throw wrong
}

function signalFault(signal: unknown): MeshError | undefined {
  if (signal === undefined) return undefined
  const { addEventListener, removeEventListener } = (signal ?? {}) as Record<string, unknown>
  if (typeof addEventListener === 'function' && typeof removeEventListener === 'function') return undefined
  return new MeshError('INVALID_OPTION', 'signal must be an AbortSignal')
}

/** INVALID_OPTION for what is no number of milliseconds to wait. */
export function timeoutFault(timeoutMs: unknown): MeshError | undefined {
  if (typeof timeoutMs === 'number' && timeoutMs > 0) return undefined
  return new MeshError('INVALID_OPTION', `timeoutMs must be a number of milliseconds above 0, not ${String(timeoutMs)}`)
}

/** Marks a rejection as seen: whoever awaits it still gets it, whoever does not is not punished. */
export function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {})
  return promise
}

/** A rejection with INVALID_OPTION when `options` has a key that is not among `names`, or is no object. */
export function refusedOptions(options: unknown, names: readonly string[]): Promise<never> | undefined {
  const fault = optionsFault(options, names)
  return fault && handled(Promise.reject(fault))
}

export function closedError(): MeshError {
  return new MeshError('CLOSED', 'the mesh was closed')
}

export function asMeshError(error: unknown): MeshError {
  return error instanceof MeshError ? error : new MeshError('HANDLER_FAILED', describeThrown(error), { cause: error })
}

/** One line about anything that was thrown. */
export function describeThrown(thrown: unknown): string {
  try {
    if (thrown instanceof Error) return `${thrown.name}: ${thrown.message}`
  } catch {
    return 'something was thrown that throws when it is looked at'
  }
  return typeof thrown === 'string' ? thrown : `something that is not an Error was thrown (${typeof thrown})`
}

export function abortedError(signal: AbortSignal): MeshError {
  return new MeshError('ABORTED', 'the operation was aborted by its signal', { cause: signal.reason })
}
