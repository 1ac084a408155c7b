// Handshakes that are under way, those begun here and those begun by others. When both sides begin at once, the handshake of the
// smaller address goes on and that of the other one is not answered.

import type { MeshError } from '../errors/mesh-error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import { AnsweredHandshakes } from './answered-handshakes.ts'
import { AskedHandshakes } from './asked-handshakes.ts'
import type { HandshakeOutcome, SessionIdentity } from './session-handshake.ts'
import type { HandshakePiece, SessionPacket } from './session-packet.ts'

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

export type FirstPacket = SessionPacket & { readonly kind: 'first' }

export class Handshakes {
  readonly asked: AskedHandshakes
  readonly answered: AnsweredHandshakes
  readonly #address: string

  constructor(options: HandshakesOptions) {
    this.#address = options.self.address
    this.asked = new AskedHandshakes(options)
    this.answered = new AnsweredHandshakes(options)
  }

  onFirst(peer: string, via: string, first: FirstPacket): void {
    if (this.#address < peer && this.asked.isUnanswered(peer)) return
    this.answered.onFirst(peer, via, first)
  }

  onPiece(peer: string, piece: HandshakePiece): void {
    if (piece.kind === 'second') this.asked.onPiece(peer, piece)
    else this.answered.onPiece(peer, piece)
  }

  close(): void {
    this.asked.close()
    this.answered.close()
  }
}
