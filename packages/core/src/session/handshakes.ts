// Handshakes that are under way, those begun here and those begun by others. When both sides begin at once, the handshake of the
// smaller address goes on and that of the other one is not answered.

import { AnsweredHandshakes } from './answered-handshakes.ts'
import { AskedHandshakes } from './asked-handshakes.ts'
import type { HandshakesOptions } from './handshakes-options.ts'
import type { FirstPacket, HandshakePiece } from './session-packet.ts'

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
