// The door through which broadcasts come in: what its origin did not sign, or said at another time, ends here (SE9).

import { run, type Steps } from '../async/awaitable.ts'
import { OrderedQueue } from '../async/ordered-queue.ts'
import { sameBytes } from '../bytes/same-bytes.ts'
import { isMemberForm } from '../identity/address.ts'
import type { MemberRecord } from '../identity/member-record.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import type { BroadcastId } from '../wire/gossip-control.ts'
import type { MeshPacketHeader } from '../wire/mesh-packet.ts'
import { isWireFault } from '../wire/wire-fault.ts'
import {
  BroadcastProver,
  readIncoming,
  type BroadcastSigner,
  type Incoming,
  type ProvenBroadcast,
  type ProverIdentity,
} from './broadcast-prover.ts'
import { DoubtedDates, type ClockQuestion } from './doubted-dates.ts'
import { broadcastsWaitingMax } from './gossip-limits.ts'
import type { GossipNeighbour } from './gossip-neighbour.ts'
import type { Speaker } from './own-words.ts'

export interface BroadcastIntakePort<N> {
  /** This one was had before. */
  had(id: BroadcastId): boolean
  record(origin: string): MemberRecord | undefined
  /** Calls `proven` when the record of `origin` is here, or `giveUp` when it does not come; `neighbour` may have it. */
  whenProven(origin: string, neighbour: N, settle: { proven: () => void; giveUp: () => void }): void
  /** Its origin said it. */
  accept(neighbour: N, incoming: Incoming, proven: ProvenBroadcast): void
  /** The same once more. */
  doubled(neighbour: N, incoming: Incoming): void
  fault(code: string, message: string): void
}

export interface BroadcastIntakeParts {
  readonly identity: Speaker & ProverIdentity
  readonly clock: Clock
  readonly dice: Dice
}

export class BroadcastIntake<N extends GossipNeighbour> {
  readonly #identity: Speaker & ProverIdentity
  readonly #port: BroadcastIntakePort<N>
  readonly #prover: BroadcastProver
  readonly #dates: DoubtedDates
  readonly #entering = new OrderedQueue(broadcastsWaitingMax)
  /** What is being verified, by id: the same bytes once more are not verified again. */
  readonly #proving = new Map<string, Uint8Array>()
  #stopped = false

  constructor({ identity, clock, dice }: BroadcastIntakeParts, port: BroadcastIntakePort<N>) {
    this.#identity = identity
    this.#port = port
    this.#prover = new BroadcastProver(
      identity,
      () => clock.wallTime(),
      (code, message) => port.fault(code, message),
    )
    this.#dates = new DoubtedDates(clock, dice)
  }

  /** How an origin is asked what its clock shows. */
  askClocks(question: ClockQuestion): void {
    this.#dates.question = question
  }

  /** A copy that a neighbour handed over. */
  receive(neighbour: N, header: MeshPacketHeader, bytes: Uint8Array): void {
    if (!isMemberForm(header.source)) return
    const incoming = readIncoming(header, bytes, neighbour.address)
    if (isWireFault(incoming)) return this.#port.fault(incoming.code, `${neighbour.address}: ${incoming.detail}`)
    if (this.#port.had(incoming.id)) return this.#port.doubled(neighbour, incoming)
    this.#proveLater(neighbour, incoming)
  }

  stop(): void {
    this.#stopped = true
    this.#entering.clear()
    this.#dates.stop()
  }

  /** Now, or when the record of its origin is here: a newcomer's first words may be faster than its proof. */
  #proveLater(neighbour: N, incoming: Incoming): void {
    const { origin } = incoming.id
    const identity = this.#identity
    // What this address said in an earlier life is passed on as everybody's.
    const own = { network: identity.network, publicKey: identity.keyPair.publicKey }
    const record = (): BroadcastSigner | undefined => (origin === identity.address ? own : this.#port.record(origin))
    const known = record()
    if (known) return this.#prove(neighbour, incoming, known)
    const giveUp = (): void =>
      this.#port.fault('UNPROVEN', `${neighbour.address} hands over a broadcast of ${origin}, of whom there is no proof`)
    const proven = (): void => {
      const found = record()
      if (found) this.#prove(neighbour, incoming, found)
      else giveUp()
    }
    this.#port.whenProven(origin, neighbour, { proven, giveUp })
  }

  #prove(neighbour: N, incoming: Incoming, record: BroadcastSigner): void {
    const { key, data } = incoming
    const same = this.#proving.get(key)
    if (sameBytes(data, same)) return this.#port.doubled(neighbour, incoming)
    const over = (): void => void this.#proving.delete(key)
    const taken = this.#entering.push(() => {
      this.#proving.set(key, data)
      const proven = run(this.#proveSteps(neighbour, incoming, record))
      if (!(proven instanceof Promise)) return over()
      return proven
        .catch((error: unknown) => this.#port.fault('LINK_FAILED', `a broadcast cannot be verified: ${String(error)}`))
        .then(over)
    })
    if (!taken) this.#port.fault('QUEUE_FULL', `more than ${broadcastsWaitingMax} broadcasts wait to be verified`)
  }

  *#proveSteps(neighbour: N, incoming: Incoming, record: BroadcastSigner): Steps<void> {
    const { id } = incoming
    // It may have come by another way while it waited.
    if (this.#port.had(id)) return this.#port.doubled(neighbour, incoming)
    const proven = yield* this.#prover.prove(incoming, record, this.#dates.aheadMs(id))
    if (proven === undefined || this.#stopped) return
    if (proven === 'stale') return this.#doubt(neighbour, incoming, record)
    this.#port.accept(neighbour, incoming, proven)
  }

  /** By one of two clocks it is of another time. */
  #doubt(neighbour: N, incoming: Incoming, record: BroadcastSigner): void {
    const { id, said } = incoming
    this.#dates.ask(id, {
      known: () => this.#prove(neighbour, incoming, record),
      giveUp: () =>
        this.#port.fault('STALE', `${neighbour.address} hands over what ${id.origin} said at ${new Date(said.saidAt).toISOString()}`),
    })
  }
}
