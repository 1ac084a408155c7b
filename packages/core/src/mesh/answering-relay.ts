import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import { silentLog, type Log } from '../ports/log.ts'
import type { CapableIdentity } from '../routing/capable-identity.ts'
import type { Router } from '../routing/router.ts'
import { SealedBodies } from './sealed-bodies.ts'

/** What a relay needs to answer in sessions, beside its router. */
export interface RelaySessionsParts {
  /** Of that router. */
  readonly identity: CapableIdentity
  readonly clock: Clock
  readonly dice: Dice
  readonly log?: Log | undefined
}

/**
 * Makes a relay's router answer in sessions, as members do: what it says of itself nobody on the way can change. It lets in by the
 * admission, and begins none itself. Returns what ends them; to be called before the router is closed.
 */
export function relaySessions(router: Router, { identity, clock, dice, log = silentLog }: RelaySessionsParts): { close(): void } {
  return new SealedBodies(router, { clock, dice, log, identity: { ...identity, relay: true } })
}
