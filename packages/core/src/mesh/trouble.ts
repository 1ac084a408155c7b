import { MeshError } from '../errors/mesh-error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { RouterEvents } from '../routing/routing-types.ts'
import type { MeshWarning } from './mesh-events.ts'
import type { RelayStatus } from './relay-link.ts'

/** Last words of a neighbour that people must know. */
const toldNotices = ['NETWORK_KEY_MISMATCH', 'TOKEN_EXPIRED'] as const
/** Faults that people are told of, a kind once a minute: strangers may cause them. */
const toldFaults = ['NETWORK_MISMATCH', 'NETWORK_KEY_MISMATCH', 'VERSION_MISMATCH', 'IDENTITY_IN_USE', 'LINK_FLAPS'] as const
const toldFaultEveryMs = 60_000

export interface TroubleOptions {
  readonly clock: Clock
  readonly log: Log
  warn(warning: MeshWarning): void
  report(error: MeshError): void
}

/** What relays, neighbours and the router complain of: some of it people must know, the rest is for the log. */
export class Trouble {
  readonly #options: TroubleOptions
  /** Told once per relay and reason, not at each try. */
  readonly #refusals = new Map<string, string>()
  readonly #toldAt = new Map<string, number>()

  constructor(options: TroubleOptions) {
    this.#options = options
  }

  relay({ url, state, error }: RelayStatus): void {
    const { log, warn } = this.#options
    if (log.level >= 4) log.write(4, 'mesh', `relay ${url}: ${state}${error ? ` (${error.code} ${error.message})` : ''}`)
    if (state === 'online') this.#refusals.delete(url)
    if (state !== 'refused' || !error || this.#refusals.get(url) === error.code) return
    this.#refusals.set(url, error.code)
    warn({ code: error.code, message: `${url} refused: ${error.message}` })
  }

  /** A neighbour's last words. A relay that restarts is dialed again anyhow; of a twin its record tells. */
  notice(code: string, message: string): void {
    const { log, warn } = this.#options
    const told = toldNotices.find((known) => known === code)
    if (told) warn({ code: told, message })
    else if (log.level >= 3) log.write(3, 'mesh', `${code} ${message}`)
  }

  fault({ code, message, count }: RouterEvents['fault'][0]): void {
    const { log, report } = this.#options
    if (code === 'HANDLER_FAILED') return report(new MeshError('HANDLER_FAILED', message))
    const told = toldFaults.find((known) => known === code)
    if (told) this.#tell(told, message)
    // Whoever floods with faults shall not flood the log too: the 1st, 2nd, 4th, 8th, … of a kind.
    if (log.level >= 3 && Number.isInteger(Math.log2(count))) log.write(3, 'routing', `${code} ${message} (${count})`)
  }

  /** Never silence, and no flood either. */
  #tell(code: (typeof toldFaults)[number], message: string): void {
    const { clock, warn } = this.#options
    const now = clock.now()
    if (now - (this.#toldAt.get(code) ?? Number.NEGATIVE_INFINITY) < toldFaultEveryMs) return
    this.#toldAt.set(code, now)
    warn({ code, message })
  }
}
