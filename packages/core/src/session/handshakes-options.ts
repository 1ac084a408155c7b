import type { MeshError } from '../errors/mesh-error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import type { HandshakeOutcome, SessionIdentity } from './session-handshake.ts'

/** What handshakes, those begun here and those begun by others, need of the sessions. */
export interface HandshakesOptions {
  readonly clock: Clock
  readonly dice: Dice
  readonly self: SessionIdentity
  /** Its record says that the peer is a relay. */
  isRelay(peer: string): boolean
  /** Who we are to this peer: see `SessionHandshakeOptions.life`. */
  life(peer: string): Uint8Array
  /** Of the handshakes that both know of, the greatest. */
  order(peer: string): number
  transmit(peer: string, packet: Uint8Array): void
  /** `early`: records under the new keys that were here before. */
  established(outcome: HandshakeOutcome, roundTripMs: number | undefined, early: readonly Uint8Array[]): void
  /** The peer never showed that it has the keys of this connection of ours. */
  unconfirmed(peer: string, id: string): void
  /** Asked for a while; the asking goes on. */
  silent(peer: string): void
  /** Asked for long enough. */
  gaveUp(peer: string): void
  refused(error: MeshError): void
}
