import { GuardedEvents } from '../async/guarded-events.ts'
import type { MeshError } from '../errors/mesh-error.ts'
import type { PastError } from '../introspection/health.ts'
import type { Peer } from '../membership/peer.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { MeshEvents, MeshWarning } from './mesh-events.ts'
import type { RelayStatus } from './relay-link.ts'
import { Warnings } from './warnings.ts'

/** Errors that `health()` still tells of. */
const errorsKeptMax = 20

export interface ReportsOptions {
  readonly clock: Clock
  readonly log: Log
  /** From then on no error and no warning is told. */
  closing(): boolean
}

/** What the application is told: events, warnings and errors, each also written to the log. */
export class Reports {
  readonly events: GuardedEvents<MeshEvents>
  readonly warnings: Warnings
  readonly #options: ReportsOptions
  readonly #errors: PastError[] = []

  constructor(options: ReportsOptions) {
    this.#options = options
    this.events = new GuardedEvents<MeshEvents>((error, event) => this.#listenerFailed(error, event))
    this.warnings = new Warnings({
      clock: options.clock,
      heard: () => this.events.listenerCount('warning') > 0,
      emit: (warning) => this.events.emit('warning', warning),
    })
  }

  /** The last ones, oldest first. */
  get errors(): PastError[] {
    return [...this.#errors]
  }

  report(error: MeshError): void {
    const { clock, log, closing } = this.#options
    if (closing()) return
    this.#errors.push({ code: error.code, message: error.message, at: clock.wallTime() })
    if (this.#errors.length > errorsKeptMax) this.#errors.shift()
    if (this.events.listenerCount('error')) this.events.emit('error', error)
    else log.write(1, 'mesh', `${error.code} ${error.message}`, error)
  }

  warn(warning: MeshWarning): void {
    const { log, closing } = this.#options
    if (closing()) return
    log.write(2, 'mesh', `${warning.code} ${warning.message}`)
    this.warnings.add(warning)
  }

  peer(peer: Peer): void {
    const { log } = this.#options
    if (log.level >= 4) log.write(4, 'membership', `${peer.address} is ${peer.state}, ${peer.hops} hops via ${peer.via}`)
    this.events.emit('peer', peer)
  }

  online(first: boolean): void {
    const { log } = this.#options
    if (log.level >= 4) log.write(4, 'mesh', first ? 'online' : 'online again')
    this.events.emit('online', { first, reconnect: !first })
  }

  offline(): void {
    const { log } = this.#options
    if (log.level >= 4) log.write(4, 'mesh', 'offline')
    this.events.emit('offline')
  }

  alone(network: string, { keyed, relays }: { readonly keyed: boolean; readonly relays: readonly RelayStatus[] }): void {
    const states = relays.map(({ url, state, error }) => `${url} (${state}${error ? `: ${error.code}` : ''})`)
    const where = states.length ? `relays: ${states.join(', ')}` : 'no relays'
    this.warn({
      code: 'ALONE_IN_NETWORK',
      message: `nobody else in network '${network}'${keyed ? ' with this key' : ''} for 10 s; ${where}`,
    })
  }

  #listenerFailed(error: MeshError, event: string): void {
    // A failing error listener is not told to itself.
    if (event === 'error') this.#options.log.write(1, 'mesh', error.message, error)
    else this.report(error)
  }
}
