import { GuardedEvents } from '../async/guarded-events.ts'
import type { MeshError } from '../errors/mesh-error.ts'
import type { Log } from '../ports/log.ts'
import type { RouterEvents } from './routing-types.ts'

/** What a router tells, and the faults that it survived and counts. A listener that fails is such a fault. */
export class Announcements {
  readonly events: GuardedEvents<RouterEvents> = new GuardedEvents((error, event) => this.#listenerFailed(error, event))
  readonly #log: Log
  readonly #faults = new Map<string, number>()

  constructor(log: Log) {
    this.#log = log
  }

  /** So far, by code. */
  get faults(): ReadonlyMap<string, number> {
    return this.#faults
  }

  fault(code: string, message: string): void {
    const count = (this.#faults.get(code) ?? 0) + 1
    this.#faults.set(code, count)
    this.#log.write(3, 'routing', `${code}: ${message}`)
    this.events.emit('fault', { code, message, count })
  }

  #listenerFailed(error: MeshError, event: string): void {
    // A failing listener of faults is not told to itself.
    if (event === 'fault') this.#log.write(1, 'routing', error.message, error)
    else this.fault(error.code, error.message)
  }
}
