// The sessions of one node, by the full address of the peer: the door between routing below, which brings and takes packets, and
// whoever talks to members above. What claims to be from a member counts only inside a session with exactly that address (SE1).

import { RecentMap } from '../bytes/recent-map.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { isMemberAddress } from '../identity/address.ts'
import { epochOf, type MemberRecord } from '../identity/member-record.ts'
import type { MemoryBudget } from '../bytes/memory-budget.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import type { Log } from '../ports/log.ts'
import { isWireFault } from '../wire/wire-fault.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import { Handshakes } from './handshakes.ts'
import { LargeMessagePlaces } from './large-messages.ts'
import { RateOfEach } from '../async/rate-of-each.ts'
import { RecordOpener, RecordSealer } from './record.ts'
import { Session } from './session.ts'
import { lifeBytes, type HandshakeOutcome, type SessionIdentity } from './session-handshake.ts'
import { livesRememberedMax, noticesPerSecondMax, sessionIdleMsMax, sessionPacketBytesMax, sessionsMax } from './session-limits.ts'
import { decodeSessionPacket, encodeUnknown, idText } from './session-packet.ts'
import type { SessionStream } from './session-stream.ts'

/** A packet as routing brings it. */
export interface SessionArrival {
  /** Who claims to have sent it. */
  readonly source: string
  /** The neighbour that it came through. */
  readonly via: string
  readonly data: Uint8Array
}

export interface SessionsOptions {
  readonly clock: Clock
  readonly dice: Dice
  readonly log: Log
  readonly self: SessionIdentity
  /** Its record says that the peer is a relay, which does not have the network key. Default: nobody is. */
  isRelay?(peer: string): boolean
  /** The largest packet that would get to the peer now. Default `sessionPacketBytesMax`. */
  packetBytesMax?(peer: string): number
  /** Gives a packet to routing, which copies it. Whether it left, arrived, or came twice is found out here. */
  transmit(destination: string, data: Uint8Array): void
  /** Delivered once. `from` is proven. */
  message(from: Session, data: Uint8Array): void
  datagram(from: Session, data: Uint8Array): void
  stream(from: Session, stream: SessionStream): void
  opened?(session: Session): void
  /** A handshake came through: the process with this record is there. */
  proven?(record: MemberRecord): void
  /** It does not answer; the asking goes on for a while. */
  silent?(peer: string): void
  ended?(session: Session, error: MeshError): void
  /** A packet that did not hold: counted by whoever counts. */
  fault?(code: string, message: string): void
  /** What peers may make this node hold; reviewed by whoever gave it. */
  readonly memory?: MemoryBudget | undefined
  /** Packets of one key generation, as a power of two. Both sides must agree. Default 20. */
  readonly generationShift?: number | undefined
}

const sweepEveryMs = 60_000
/** Below the greatest number of 48 bits, so that one more can always be said. */
const orderMax: number = 2 ** 48 - 2

export class Sessions {
  readonly #options: SessionsOptions
  readonly #handshakes: Handshakes
  readonly #places = new LargeMessagePlaces()
  readonly #notices: RateOfEach
  readonly #sessions = new Map<string, Session>()
  readonly #connections = new Map<string, { readonly session: Session; readonly connection: Connection }>()
  /** Of peers that were answered and have no session yet, the latest last. */
  readonly #lives = new RecentMap<string, Uint8Array>(livesRememberedMax)
  #stopSweep: (() => void) | undefined
  #closed = false

  constructor(options: SessionsOptions) {
    this.#options = options
    this.#notices = new RateOfEach(options.clock, noticesPerSecondMax)
    this.#handshakes = new Handshakes({
      clock: options.clock,
      dice: options.dice,
      self: options.self,
      isRelay: (peer) => options.isRelay?.(peer) === true,
      life: (peer) => this.#lifeOf(peer),
      order: (peer) => Math.min(orderMax, this.#sessions.get(peer)?.order ?? 0),
      transmit: (peer, packet) => options.transmit(peer, packet),
      established: (outcome, roundTripMs, early) => this.#established(outcome, roundTripMs, early),
      unconfirmed: (peer, id) => this.#sessions.get(peer)?.unconfirmed(id),
      silent: (peer) => options.silent?.(peer),
      gaveUp: (peer) => this.#sessions.get(peer)?.unanswered(),
      refused: (error) => this.#fault(error.code, error.message),
    })
  }

  /** How many there are. */
  get size(): number {
    return this.#sessions.size
  }

  get pendingHandshakes(): number {
    return this.#handshakes.answered.size
  }

  /** The session with a member, which is asked for with the first thing to say. Throws CLOSED, INVALID_OPTION, or QUEUE_FULL when all are in use. */
  to(address: string): Session {
    if (this.#closed) throw new MeshError('CLOSED', 'the sessions of this node were closed')
    const known = this.#sessions.get(address)
    if (known) return known
    if (!isMemberAddress(address) || address === this.#options.self.address) {
      throw new MeshError('INVALID_OPTION', `'${address}' is not the full address of another member`)
    }
    if (this.#options.self.relay) throw new MeshError('NOT_A_MEMBER', 'a relay answers in sessions, and begins none')
    const session = this.#create(address, this.#lifeOf(address))
    if (!session) throw new MeshError('QUEUE_FULL', `${sessionsMax} sessions are in use`)
    return session
  }

  get(address: string): Session | undefined {
    return this.#sessions.get(address)
  }

  /** Asks for a session although there is nothing to say yet. */
  ask(address: string): void {
    if (this.#closed || !isMemberAddress(address) || address === this.#options.self.address) return
    if (!this.#sessions.get(address)?.connection && !this.#options.self.relay) this.#handshakes.asked.begin(address)
  }

  /** A packet for the sessions of this node. Never throws at what it says. */
  receive({ source, via, data }: SessionArrival): void {
    if (this.#closed) return
    if (!isMemberAddress(source) || source === this.#options.self.address)
      return this.#fault('WIRE_FAULT', `a session packet in the name of '${source}'`)
    const packet = decodeSessionPacket(data)
    if (isWireFault(packet)) return this.#fault('WIRE_FAULT', packet.detail)
    switch (packet.kind) {
      case 'first':
        return this.#handshakes.onFirst(source, via, packet)
      case 'second':
      case 'third':
        return this.#handshakes.onPiece(source, packet)
      case 'record': {
        const found = this.#connections.get(idText(packet.id))
        if (found?.session.peer === source) return found.connection.receive(packet.number, packet.sealed)
        if (this.#handshakes.answered.keepEarly(source, packet.id, data) || !this.#notices.allows(via)) return undefined
        return this.#options.transmit(source, encodeUnknown(packet.id))
      }
      case 'unknown':
        return this.#sessions.get(source)?.hinted(idText(packet.id))
    }
  }

  /** As `Session.flush`, of every session. */
  flush(): void {
    for (const session of this.#sessions.values()) session.flush()
  }

  /** There is another way to `address`, or one again. */
  routeChanged(address: string): void {
    this.#handshakes.asked.routeChanged(address)
    this.#sessions.get(address)?.routeChanged()
  }

  close(error: MeshError = new MeshError('CLOSED', 'the mesh was closed')): void {
    if (this.#closed) return
    this.#closed = true
    this.#handshakes.close()
    for (const session of [...this.#sessions.values()]) session.close(error)
    this.#stopSweep?.()
    this.#lives.clear()
  }

  #established(outcome: HandshakeOutcome, roundTripMs: number | undefined, early: readonly Uint8Array[]): void {
    const { peer, record } = outcome
    const known = this.#sessions.get(peer)
    if (!sameBytes(this.#lifeOf(peer), outcome.ownLife))
      return this.#fault('HANDSHAKE_FAILED', `a handshake with ${peer} came through too late`)
    if (known?.record && isOlderProcess(record, known.record)) {
      return this.#fault('IDENTITY_IN_USE', `an earlier process than the one that is known answers as ${peer}`)
    }
    const session = known ?? this.#create(peer, outcome.ownLife)
    if (!session) return this.#fault('BUSY', `${sessionsMax} sessions are in use: ${peer} gets none`)
    const connection = this.#connect(session, outcome, roundTripMs)
    this.#connections.set(connection.id, { session, connection })
    session.adopt(connection)
    this.#options.proven?.(record)
    if (!outcome.byInitiator) this.#handshakes.asked.satisfied(peer)
    for (const data of early) this.receive({ source: peer, via: peer, data })
  }

  #connect(session: Session, outcome: HandshakeOutcome, roundTripMs: number | undefined): Connection {
    const { clock, dice, self, generationShift } = this.#options
    const { crypto, address } = self
    const { peer, ownId, peerId, byInitiator } = outcome
    const common = { crypto, shift: generationShift }
    const { packetBytesMax = () => sessionPacketBytesMax } = this.#options
    const owner: ConnectionOwner = {
      get packetBytesMax() {
        return packetBytesMax(peer)
      },
      fill: (connection, draft) => session.fill(connection, draft),
      acked: (frame) => session.acked(frame),
      lost: (frame) => session.lost(frame),
      transmit: (packet) => this.#options.transmit(peer, packet),
      verified: (connection) => {
        this.#handshakes.asked.confirmed(connection.id)
        session.verified(connection)
      },
      received: (connection, frame) => session.received(connection, frame),
      refused: (reason) => this.#fault('WIRE_FAULT', `a record of ${peer} was not accepted: ${reason}`),
      failed: (connection, error) => session.failed(connection, error),
    }
    return new Connection(
      {
        clock,
        dice,
        peerId,
        roundTripMs,
        record: outcome.record,
        id: ownId,
        sealer: new RecordSealer({ ...common, key: outcome.sendKey, id: peerId, source: address, destination: peer }),
        opener: new RecordOpener({ ...common, key: outcome.receiveKey, id: ownId, source: peer, destination: address }),
        order: outcome.order,
        bySmaller: byInitiator === address < peer,
        peerLife: idText(outcome.peerLife),
      },
      owner,
    )
  }

  #create(peer: string, life: Uint8Array): Session | undefined {
    if (this.#sessions.size >= sessionsMax && !this.#makeRoom()) return undefined
    const { clock, log, dice, self } = this.#options
    const session: Session = new Session({
      clock,
      log,
      peer,
      life,
      address: self.address,
      places: this.#places,
      handlers: {
        message: (data) => this.#options.message(session, data),
        datagram: (data) => this.#options.datagram(session, data),
        stream: (stream) => (session.record?.kind === 'relay' ? refused(stream) : this.#options.stream(session, stream)),
      },
      ask: () => (self.relay ? clock.soon(() => session.unanswered()) : this.#handshakes.asked.begin(peer)),
      newLife: () => {
        this.#handshakes.asked.cancel(peer)
        return dice.bytes(lifeBytes)
      },
      dropped: (connection) => this.#connections.delete(connection.id),
      opened: () => this.#options.opened?.(session),
      ended: (error) => this.#ended(session, error),
    })
    this.#sessions.set(peer, session)
    this.#options.memory?.add(session)
    this.#lives.delete(peer)
    this.#stopSweep ??= clock.setTimer(sweepEveryMs, () => this.#sweep())
    return session
  }

  #ended(session: Session, error: MeshError): void {
    this.#options.memory?.delete(session)
    if (this.#sessions.get(session.peer) === session) {
      this.#sessions.delete(session.peer)
      this.#handshakes.asked.cancel(session.peer)
    }
    this.#options.ended?.(session, error)
  }

  /** Ends the one that was idle for the longest time. */
  #makeRoom(): boolean {
    let oldest: Session | undefined
    for (const session of this.#sessions.values()) if (session.isIdle && session.usedAt < (oldest?.usedAt ?? Infinity)) oldest = session
    oldest?.close(new MeshError('BUSY', 'another session needs the room'))
    return oldest !== undefined
  }

  #sweep(): void {
    this.#stopSweep = undefined
    const { clock } = this.#options
    for (const session of [...this.#sessions.values()]) {
      if (session.isIdle && clock.now() - session.usedAt >= sessionIdleMsMax)
        session.close(new MeshError('CLOSED', 'nothing was said for a long time'))
    }
    if (this.#sessions.size > 0) this.#stopSweep = clock.setTimer(sweepEveryMs, () => this.#sweep())
  }

  #lifeOf(peer: string): Uint8Array {
    const known = this.#sessions.get(peer)?.life ?? this.#lives.get(peer)
    if (known) return known
    const life = this.#options.dice.bytes(lifeBytes)
    this.#lives.set(peer, life)
    return life
  }

  #fault(code: string, message: string): void {
    this.#options.fault?.(code, message)
  }
}

/** A relay answers questions: it opens nothing. */
function refused(stream: SessionStream): void {
  stream.reset()
  stream.stop()
}

/** Of two processes with one address the later one stands (SE4). */
function isOlderProcess(record: MemberRecord, known: MemberRecord): boolean {
  return !sameBytes(record.exchangeKey, known.exchangeKey) && epochOf(record.seq48) < epochOf(known.seq48)
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}
