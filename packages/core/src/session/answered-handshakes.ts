// Handshakes begun by others. A first message proves nothing, so what it makes this node keep is bounded and shared out among the
// neighbours that such messages come through (SE16). A message that comes twice is answered the same.

import type { Steps } from '../async/awaitable.ts'
import { OrderedQueue } from '../async/ordered-queue.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { keysBehind } from '../identity/network-key.ts'
import { isKeyed, networkMismatch } from '../identity/wire-network.ts'
import { handshakeTask, handshakeTasksMax } from './handshake-steps.ts'
import type { HandshakesOptions } from './handshakes-options.ts'
import { RateOfEach } from '../async/rate-of-each.ts'
import { PieceCollector } from './piece-collector.ts'
import { SessionHandshake } from './session-handshake.ts'
import { earlyRecordsMax, handshakeMsMax, handshakePiecesMax, handshakesPendingMax, handshakesPerSecondMax } from './session-limits.ts'
import { connectionIdBytes, encodePieces, idText, type FirstPacket, type HandshakePiece } from './session-packet.ts'

interface Pending {
  readonly peer: string
  readonly via: string
  readonly id: string
  readonly key: string
  readonly handshake: SessionHandshake
  readonly queue: OrderedQueue
  readonly pieces: PieceCollector
  readonly early: Uint8Array[]
  second: readonly Uint8Array[]
  answeredAt: number
  answers: number
  stopTimer: () => void
}

/** An ephemeral key, a connection id, an order and a tag take 62. */
const firstMessageBytesMax = 64

export class AnsweredHandshakes {
  readonly #options: HandshakesOptions
  readonly #rate: RateOfEach
  /** Oldest first. */
  readonly #pending = new Map<string, Pending>()
  readonly #byId = new Map<string, Pending>()

  constructor(options: HandshakesOptions) {
    this.#options = options
    this.#rate = new RateOfEach(options.clock, handshakesPerSecondMax)
  }

  get size(): number {
    return this.#pending.size
  }

  close(): void {
    for (const pending of [...this.#pending.values()]) this.#forget(pending)
  }

  onFirst(peer: string, via: string, first: FirstPacket): void {
    const peerId = first.id.slice()
    if (first.message.length > firstMessageBytesMax) return this.#options.refused(unheldFirst(peer))
    // The whole of it: a forged one with the same id does not stand in the way of the true one.
    const key = [peer, ...[peerId, first.keyHash, first.message].map(idText)].join(' ')
    const known = this.#pending.get(key)
    if (known) return this.#answerAgain(known)
    const { clock, dice, self } = this.#options
    const network = { name: self.network.name, keyHash: first.keyHash.slice() }
    const isLocked = isKeyed(network) && self.relay !== true && !keysBehind(self.keyring, network.keyHash)
    if (networkMismatch(self, network) || isLocked) {
      this.#options.refused(new MeshError('NETWORK_KEY_MISMATCH', `${peer} asks for a session under a network key that is not known here`))
      return
    }
    if (!this.#rate.allows(via)) return
    this.#makeRoom()
    const id = dice.bytes(connectionIdBytes)
    const handshake = new SessionHandshake(self, { role: 'responder', peer, network, id, life: this.#options.life(peer) })
    const pending: Pending = {
      peer,
      via,
      key,
      handshake,
      id: idText(id),
      queue: new OrderedQueue(handshakeTasksMax),
      pieces: new PieceCollector(handshakePiecesMax),
      early: [],
      second: [],
      answeredAt: 0,
      answers: 0,
      stopTimer: clock.setTimer(handshakeMsMax, () => this.#forget(pending)),
    }
    this.#pending.set(key, pending)
    this.#byId.set(pending.id, pending)
    const message = first.message.slice()
    this.#queue(pending, this.#answerSteps(pending, peerId, message))
  }

  /** A part of the third message. */
  onPiece(peer: string, piece: HandshakePiece): void {
    const pending = this.#byId.get(idText(piece.id))
    if (pending?.peer !== peer) return
    const message = pending.pieces.add(piece)
    if (message) this.#queue(pending, this.#acceptSteps(pending, message))
  }

  /** True: `packet` is a record under keys that the third message will bring; it is kept until then. */
  keepEarly(peer: string, id: Uint8Array, packet: Uint8Array): boolean {
    const pending = this.#byId.get(idText(id))
    if (pending?.peer !== peer) return false
    if (pending.early.length < earlyRecordsMax) pending.early.push(packet.slice())
    return true
  }

  #queue(pending: Pending, steps: Steps<void>): void {
    pending.queue.push(() => handshakeTask(steps, this.#options.refused))
  }

  *#answerSteps(pending: Pending, peerId: Uint8Array, message: Uint8Array): Steps<void> {
    const second = yield* pending.handshake.answer(peerId, message)
    if (this.#pending.get(pending.key) !== pending) return
    if (second === undefined) {
      this.#forget(pending)
      this.#options.refused(unheldFirst(pending.peer))
      return
    }
    pending.second = encodePieces('second', peerId, second)
    this.#answerAgain(pending)
  }

  *#acceptSteps(pending: Pending, message: Uint8Array): Steps<void> {
    if (this.#pending.get(pending.key) !== pending) return
    const outcome = yield* pending.handshake.accept(message)
    if (this.#pending.get(pending.key) !== pending) return
    if (outcome instanceof MeshError) return this.#options.refused(outcome)
    this.#forget(pending)
    const roundTripMs = pending.answers === 1 ? this.#options.clock.now() - pending.answeredAt : undefined
    this.#options.established(outcome, roundTripMs, pending.early)
  }

  #answerAgain(pending: Pending): void {
    if (pending.second.length === 0) return
    pending.answers += 1
    pending.answeredAt = this.#options.clock.now()
    for (const packet of pending.second) this.#options.transmit(pending.peer, packet)
  }

  #forget(pending: Pending): void {
    pending.stopTimer()
    pending.queue.clear()
    this.#byId.delete(pending.id)
    this.#pending.delete(pending.key)
  }

  /** Who has the most under way loses its oldest: a flood through one neighbour leaves room for the others. */
  #makeRoom(): void {
    if (this.#pending.size < handshakesPendingMax) return
    const counts = new Map<string, number>()
    for (const { via } of this.#pending.values()) counts.set(via, (counts.get(via) ?? 0) + 1)
    const most = Math.max(...counts.values())
    for (const pending of this.#pending.values()) {
      if (counts.get(pending.via) === most) return this.#forget(pending)
    }
  }
}

function unheldFirst(peer: string): MeshError {
  return new MeshError('HANDSHAKE_FAILED', `the first message of a session handshake of ${peer} does not hold`)
}
