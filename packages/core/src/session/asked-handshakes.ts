// Handshakes begun here: the first message is repeated until it is answered, the third until a record under the new keys comes.

import type { Steps } from '../async/awaitable.ts'
import { Backoff } from '../async/backoff.ts'
import { OrderedQueue } from '../async/ordered-queue.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { handshakeTask, handshakeTasksMax } from './handshake-steps.ts'
import type { HandshakesOptions } from './handshakes-options.ts'
import { PieceCollector } from './piece-collector.ts'
import { SessionHandshake } from './session-handshake.ts'
import {
  handshakeGiveUpMs,
  handshakeMsMax,
  handshakePiecesMax,
  handshakeRepeatFirstMs,
  handshakeRepeatMostMs,
  handshakeSilentMs,
} from './session-limits.ts'
import { connectionIdBytes, encodeFirst, encodePieces, idText, type HandshakePiece } from './session-packet.ts'

interface Attempt {
  readonly peer: string
  readonly id: string
  readonly handshake: SessionHandshake
  readonly queue: OrderedQueue
  readonly backoff: Backoff
  readonly startedAt: number
  /** When the first handshake of this row of attempts began. */
  readonly askedSince: number
  readonly pieces: PieceCollector
  /** What is repeated: the first message, later the third. */
  packets: readonly Uint8Array[]
  repeats: number
  /** The second message held; only the peer's first record is missing. */
  concluded: boolean
  stopTimer: () => void
}

export class AskedHandshakes {
  readonly #options: HandshakesOptions
  readonly #attempts = new Map<string, Attempt>()
  readonly #byId = new Map<string, Attempt>()

  constructor(options: HandshakesOptions) {
    this.#options = options
  }

  /** The peer was asked, and has not answered yet. */
  isUnanswered(peer: string): boolean {
    return this.#attempts.get(peer)?.concluded === false
  }

  /** Asks the peer for a session, unless that is under way already. */
  begin(peer: string): void {
    if (!this.#attempts.has(peer)) this.#attempt(peer, this.#options.clock.now())
  }

  /** The peer's own handshake came through: no need to go on asking. What is concluded already is still said to its end. */
  satisfied(peer: string): void {
    const attempt = this.#attempts.get(peer)
    if (attempt && !attempt.concluded) this.#drop(attempt)
  }

  /** Nobody here wants a session with it any more. */
  cancel(peer: string): void {
    const attempt = this.#attempts.get(peer)
    if (attempt) this.#drop(attempt)
  }

  /** A record under the keys of `id` has held: the third message arrived. */
  confirmed(id: string): void {
    const attempt = this.#byId.get(id)
    if (attempt) this.#drop(attempt)
  }

  /** There may be a way now. */
  routeChanged(peer: string): void {
    const attempt = this.#attempts.get(peer)
    if (attempt) this.#say(attempt)
  }

  close(): void {
    for (const attempt of [...this.#attempts.values()]) this.#drop(attempt)
  }

  /** A part of the second message. */
  onPiece(peer: string, piece: HandshakePiece): void {
    const attempt = this.#byId.get(idText(piece.id))
    if (attempt?.peer !== peer) return
    // It is asked again because our answer did not arrive.
    if (attempt.concluded) return piece.piece === 0 ? this.#transmit(attempt) : undefined
    const message = attempt.pieces.add(piece)
    if (message) this.#queue(attempt, this.#concludeSteps(attempt, message))
  }

  #queue(attempt: Attempt, steps: Steps<void>): void {
    attempt.queue.push(() => handshakeTask(steps, this.#options.refused))
  }

  #attempt(peer: string, askedSince: number): void {
    const { clock, dice, self } = this.#options
    const id = dice.bytes(connectionIdBytes)
    const { isRelay, life } = this.#options
    const handshake = new SessionHandshake(self, {
      role: 'initiator',
      peer,
      network: self.network,
      id,
      life: life(peer),
      toRelay: isRelay(peer),
    })
    const attempt: Attempt = {
      peer,
      handshake,
      askedSince,
      id: idText(id),
      queue: new OrderedQueue(handshakeTasksMax),
      pieces: new PieceCollector(handshakePiecesMax),
      backoff: new Backoff(dice, { firstMs: handshakeRepeatFirstMs, mostMs: handshakeRepeatMostMs }),
      startedAt: clock.now(),
      packets: [],
      repeats: 0,
      concluded: false,
      stopTimer: () => {},
    }
    this.#attempts.set(peer, attempt)
    this.#byId.set(attempt.id, attempt)
    this.#queue(attempt, this.#beginSteps(attempt, id))
  }

  *#beginSteps(attempt: Attempt, id: Uint8Array): Steps<void> {
    const message = yield* attempt.handshake.first(this.#options.order(attempt.peer) + 1)
    if (!this.#isUnderWay(attempt)) return
    attempt.packets = [encodeFirst(id, this.#options.self.network.keyHash, message)]
    this.#say(attempt)
  }

  *#concludeSteps(attempt: Attempt, message: Uint8Array): Steps<void> {
    if (!this.#isUnderWay(attempt) || attempt.concluded) return
    const concluded = yield* attempt.handshake.conclude(message)
    if (!this.#isUnderWay(attempt)) return
    if (concluded instanceof MeshError) return this.#options.refused(concluded)
    attempt.concluded = true
    const roundTripMs = attempt.repeats === 1 ? this.#options.clock.now() - attempt.startedAt : undefined
    attempt.packets = encodePieces('third', concluded.outcome.peerId, concluded.message)
    attempt.repeats = 0
    attempt.backoff.reset()
    this.#say(attempt)
    this.#options.established(concluded.outcome, roundTripMs, [])
  }

  /** Sends what the peer has to hear now, and again until it has. */
  #say(attempt: Attempt): void {
    if (attempt.packets.length === 0) return
    this.#transmit(attempt)
    attempt.repeats += 1
    attempt.stopTimer()
    attempt.stopTimer = this.#options.clock.setTimer(attempt.backoff.next(), () => this.#repeat(attempt))
  }

  #repeat(attempt: Attempt): void {
    const now = this.#options.clock.now()
    if (!attempt.concluded && now - attempt.askedSince >= handshakeSilentMs) this.#options.silent(attempt.peer)
    if (!this.#isUnderWay(attempt)) return
    if (now - attempt.startedAt < handshakeMsMax) return this.#say(attempt)
    this.#drop(attempt)
    if (attempt.concluded) this.#options.unconfirmed(attempt.peer, attempt.id)
    else if (now - attempt.askedSince < handshakeGiveUpMs) this.#attempt(attempt.peer, attempt.askedSince)
    else this.#options.gaveUp(attempt.peer)
  }

  #transmit(attempt: Attempt): void {
    for (const packet of attempt.packets) this.#options.transmit(attempt.peer, packet)
  }

  #isUnderWay(attempt: Attempt): boolean {
    return this.#byId.get(attempt.id) === attempt
  }

  #drop(attempt: Attempt): void {
    attempt.stopTimer()
    attempt.queue.clear()
    this.#byId.delete(attempt.id)
    if (this.#attempts.get(attempt.peer) === attempt) this.#attempts.delete(attempt.peer)
  }
}
