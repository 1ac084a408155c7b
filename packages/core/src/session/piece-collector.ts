import { concatBytes } from '../bytes/concat-bytes.ts'
import type { HandshakePiece } from './session-packet.ts'

/** Puts one message together. Pieces that contradict those before them start it anew: the sender repeats all of them. */
export class PieceCollector {
  readonly #piecesMax: number
  #parts: (Uint8Array | undefined)[] = []

  constructor(piecesMax: number) {
    this.#piecesMax = piecesMax
  }

  /** The whole message with its last missing piece; the collector is empty then. */
  add({ piece, pieces, bytes }: HandshakePiece): Uint8Array | undefined {
    if (pieces > this.#piecesMax || piece >= pieces) return undefined
    if (this.#parts.length !== pieces) this.#parts = new Array<Uint8Array | undefined>(pieces).fill(undefined)
    // The latest copy counts: a forged piece does not stand in the way of the true one for ever.
    this.#parts[piece] = bytes.slice()
    const whole = this.#parts.filter((part) => part !== undefined)
    if (whole.length < pieces) return undefined
    this.#parts = []
    return concatBytes(whole)
  }
}
