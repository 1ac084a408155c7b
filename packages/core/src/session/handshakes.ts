// Handshakes that are under way: messages are repeated until they are answered, doubles are answered the same, and what anybody can
// send without proving anything is bounded and shared out among the neighbours that it comes through (SE16). When both sides begin at
// once, the handshake of the smaller address goes on and that of the other one is not answered.

import { Backoff } from '../async/backoff.ts'
import { run, type Steps } from '../async/awaitable.ts'
import { OrderedQueue } from '../async/ordered-queue.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { keysBehind } from '../identity/network-key.ts'
import { isKeyed, networkMismatch } from '../identity/wire-network.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import { NeighbourRate } from './neighbour-rate.ts'
import { PieceCollector } from './piece-collector.ts'
import { SessionHandshake, type HandshakeOutcome, type SessionIdentity } from './session-handshake.ts'
import {
  earlyRecordsMax,
  handshakeGiveUpMs,
  handshakeMsMax,
  handshakePiecesMax,
  handshakeRepeatFirstMs,
  handshakeRepeatMostMs,
  handshakesPendingMax,
  handshakesPerSecondMax,
} from './session-limits.ts'
import { connectionIdBytes, encodeFirst, encodePieces, idText, type HandshakePiece, type SessionPacket } from './session-packet.ts'

export interface HandshakesOptions {
  readonly clock: Clock
  readonly dice: Dice
  readonly self: SessionIdentity
  /** Who we are to this peer: see `SessionHandshakeOptions.life`. */
  life(peer: string): Uint8Array
  /** Of the handshakes that both know of, the greatest. */
  order(peer: string): number
  transmit(peer: string, packet: Uint8Array): void
  /** `early`: records under the new keys that were here before. */
  established(outcome: HandshakeOutcome, roundTripMs: number | undefined, early: readonly Uint8Array[]): void
  /** The peer never showed that it has the keys of this connection of ours. */
  unconfirmed(peer: string, id: string): void
  /** Asked for long enough. */
  gaveUp(peer: string): void
  refused(error: MeshError): void
}

type FirstPacket = SessionPacket & { readonly kind: 'first' }

/** Begun here. */
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

/** Begun by the peer. */
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
/** Tasks of one handshake that wait for the crypto port. */
const tasksQueuedMax = 8

export class Handshakes {
  readonly #options: HandshakesOptions
  readonly #attempts = new Map<string, Attempt>()
  readonly #attemptsById = new Map<string, Attempt>()
  /** Oldest first. */
  readonly #pending = new Map<string, Pending>()
  readonly #pendingById = new Map<string, Pending>()

  readonly #rate: NeighbourRate

  constructor(options: HandshakesOptions) {
    this.#options = options
    this.#rate = new NeighbourRate(options.clock, handshakesPerSecondMax)
  }

  get pendingCount(): number {
    return this.#pending.size
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
    const attempt = this.#attemptsById.get(id)
    if (attempt) this.#drop(attempt)
  }

  /** There may be a way now. */
  routeChanged(peer: string): void {
    const attempt = this.#attempts.get(peer)
    if (attempt) this.#say(attempt)
  }

  close(): void {
    for (const attempt of [...this.#attempts.values()]) this.#drop(attempt)
    for (const pending of [...this.#pending.values()]) this.#forget(pending)
  }

  onFirst(peer: string, via: string, first: FirstPacket): void {
    const peerId = first.id.slice()
    if (first.message.length > firstMessageBytesMax) return this.#options.refused(unheldFirst(peer))
    // The whole of it: a forged one with the same id does not stand in the way of the true one.
    const key = [peer, ...[peerId, first.keyHash, first.message].map(idText)].join(' ')
    const known = this.#pending.get(key)
    if (known) return this.#answerAgain(known)
    const own = this.#attempts.get(peer)
    if (own && !own.concluded && this.#options.self.address < peer) return
    const { clock, dice, self } = this.#options
    const network = { name: self.network.name, keyHash: first.keyHash.slice() }
    if (networkMismatch(self, network) || (isKeyed(network) && !keysBehind(self.keyring, network.keyHash))) {
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
      queue: new OrderedQueue(tasksQueuedMax),
      pieces: new PieceCollector(handshakePiecesMax),
      early: [],
      second: [],
      answeredAt: 0,
      answers: 0,
      stopTimer: clock.setTimer(handshakeMsMax, () => this.#forget(pending)),
    }
    this.#pending.set(key, pending)
    this.#pendingById.set(pending.id, pending)
    const message = first.message.slice()
    pending.queue.push(() => this.#guarded(this.#answerSteps(pending, peerId, message)))
  }

  onPiece(peer: string, piece: HandshakePiece): void {
    if (piece.kind === 'second') {
      const attempt = this.#attemptsById.get(idText(piece.id))
      if (attempt?.peer !== peer) return
      // It is asked again because our answer did not arrive.
      if (attempt.concluded) return piece.piece === 0 ? this.#transmit(attempt) : undefined
      const message = attempt.pieces.add(piece)
      if (message) attempt.queue.push(() => this.#guarded(this.#concludeSteps(attempt, message)))
      return
    }
    const pending = this.#pendingById.get(idText(piece.id))
    if (pending?.peer !== peer) return
    const message = pending.pieces.add(piece)
    if (message) pending.queue.push(() => this.#guarded(this.#acceptSteps(pending, message)))
  }

  /** True: `packet` is a record under keys that the third message will bring; it is kept until then. */
  keepEarly(peer: string, id: Uint8Array, packet: Uint8Array): boolean {
    const pending = this.#pendingById.get(idText(id))
    if (pending?.peer !== peer) return false
    if (pending.early.length < earlyRecordsMax) pending.early.push(packet.slice())
    return true
  }

  #attempt(peer: string, askedSince: number): void {
    const { clock, dice, self } = this.#options
    const id = dice.bytes(connectionIdBytes)
    const handshake = new SessionHandshake(self, { role: 'initiator', peer, network: self.network, id, life: this.#options.life(peer) })
    const attempt: Attempt = {
      peer,
      handshake,
      askedSince,
      id: idText(id),
      queue: new OrderedQueue(tasksQueuedMax),
      pieces: new PieceCollector(handshakePiecesMax),
      backoff: new Backoff(dice, { firstMs: handshakeRepeatFirstMs, mostMs: handshakeRepeatMostMs }),
      startedAt: clock.now(),
      packets: [],
      repeats: 0,
      concluded: false,
      stopTimer: () => {},
    }
    this.#attempts.set(peer, attempt)
    this.#attemptsById.set(attempt.id, attempt)
    attempt.queue.push(() => this.#guarded(this.#beginSteps(attempt, id)))
  }

  *#beginSteps(attempt: Attempt, id: Uint8Array): Steps<void> {
    const message = yield* attempt.handshake.first(this.#options.order(attempt.peer) + 1)
    if (!this.#isUnderWay(attempt)) return
    attempt.packets = [encodeFirst(id, this.#options.self.network.keyHash, message)]
    this.#say(attempt)
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

  *#acceptSteps(pending: Pending, message: Uint8Array): Steps<void> {
    if (this.#pending.get(pending.key) !== pending) return
    const outcome = yield* pending.handshake.accept(message)
    if (this.#pending.get(pending.key) !== pending) return
    if (outcome instanceof MeshError) return this.#options.refused(outcome)
    this.#forget(pending)
    const roundTripMs = pending.answers === 1 ? this.#options.clock.now() - pending.answeredAt : undefined
    this.#options.established(outcome, roundTripMs, pending.early)
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
    if (now - attempt.startedAt < handshakeMsMax) return this.#say(attempt)
    this.#drop(attempt)
    if (attempt.concluded) this.#options.unconfirmed(attempt.peer, attempt.id)
    else if (now - attempt.askedSince < handshakeGiveUpMs) this.#attempt(attempt.peer, attempt.askedSince)
    else this.#options.gaveUp(attempt.peer)
  }

  #transmit(attempt: Attempt): void {
    for (const packet of attempt.packets) this.#options.transmit(attempt.peer, packet)
  }

  #answerAgain(pending: Pending): void {
    if (pending.second.length === 0) return
    pending.answers += 1
    pending.answeredAt = this.#options.clock.now()
    for (const packet of pending.second) this.#options.transmit(pending.peer, packet)
  }

  #isUnderWay(attempt: Attempt): boolean {
    return this.#attemptsById.get(attempt.id) === attempt
  }

  #drop(attempt: Attempt): void {
    attempt.stopTimer()
    attempt.queue.clear()
    this.#attemptsById.delete(attempt.id)
    if (this.#attempts.get(attempt.peer) === attempt) this.#attempts.delete(attempt.peer)
  }

  #forget(pending: Pending): void {
    pending.stopTimer()
    pending.queue.clear()
    this.#pendingById.delete(pending.id)
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

  /** A port that fails ends this handshake's step, and nothing else. */
  #guarded(steps: Steps<void>): void | Promise<void> {
    const failed = (cause: unknown): void =>
      this.#options.refused(new MeshError('HANDSHAKE_FAILED', 'a step of a session handshake failed', { cause }))
    try {
      const result = run(steps)
      return result instanceof Promise ? result.catch(failed) : result
    } catch (error) {
      failed(error)
    }
  }
}

function unheldFirst(peer: string): MeshError {
  return new MeshError('HANDSHAKE_FAILED', `the first message of a session handshake of ${peer} does not hold`)
}
