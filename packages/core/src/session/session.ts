// What two members have between them, end to end, over whatever path there is.
//
//   message    delivered once to the peer's library, in any order, or an error; OUTCOME_UNKNOWN only when the session itself was lost
//   stream     bytes in order, once, both ways, or an error that says how many arrived for certain
//   datagram   at most once, in any order, perhaps never
//
// It outlives routes, links and connections: a new handshake between the same two lives goes on where the old one was. A peer that
// restarted, or forgot, is another life: what was under way breaks off, and what never left is sent to the new one.

import { MeshError } from '../errors/mesh-error.ts'
import type { MemberRecord } from '../identity/member-record.ts'
import type { Clock } from '../ports/clock.ts'
import type { Log } from '../ports/log.ts'
import type { WireFault } from '../wire/wire-fault.ts'
import { Carriers } from './carriers.ts'
import type { Connection } from './connection.ts'
import type { LargeMessagePlaces } from './large-messages.ts'
import { MessageOutbox } from './message-outbox.ts'
import type { RecordDraft, SentFrame } from './record-draft.ts'
import type { SessionPriority } from './send-stream.ts'
import type { SessionFrame } from './session-frames.ts'
import { datagramBytesMax, datagramsQueuedMax, handshakeGiveUpMs, noticeHeededEveryMs } from './session-limits.ts'
import type { SessionStream } from './session-stream.ts'
import { Streams } from './streams.ts'

/** `asking`: a handshake is under way. `open`: there are keys. */
export type SessionState =
  | { readonly kind: 'idle' }
  | { readonly kind: 'asking' }
  | { readonly kind: 'open'; readonly carriers: Carriers }
  | { readonly kind: 'closed'; readonly error: MeshError }

/** What the app's side of a session hears. A handler that throws is reported, and disturbs nothing. */
export interface SessionHandlers {
  message(data: Uint8Array): void
  datagram(data: Uint8Array): void
  stream(stream: SessionStream): void
}

export interface SessionOptions {
  readonly clock: Clock
  readonly log: Log
  readonly address: string
  readonly peer: string
  readonly life: Uint8Array
  readonly places: LargeMessagePlaces
  readonly handlers: SessionHandlers
  /** Asks the peer for a handshake, unless one is under way. */
  ask(): void
  newLife(): Uint8Array
  /** Packets with the id of this connection no longer find it. */
  dropped(connection: Connection): void
  opened(): void
  /** It is over, and another one may take its place. */
  ended(error: MeshError): void
}

const idle: SessionState = { kind: 'idle' }

export class Session {
  readonly peer: string
  readonly #options: SessionOptions
  readonly #outbox = new MessageOutbox()
  #datagrams: Uint8Array[] = []
  #streams: Streams
  #life: Uint8Array
  #state: SessionState = idle
  /** Of the last connection that carried anything. */
  #peerLife: string | undefined
  #order = 0
  #askedSince: number | undefined
  #heededAt = -Infinity
  #usedAt: number

  constructor(options: SessionOptions) {
    this.peer = options.peer
    this.#options = options
    this.#life = options.life
    this.#streams = this.#newStreams()
    this.#usedAt = options.clock.now()
  }

  get state(): SessionState {
    return this.#state
  }

  /** What carries it now. */
  get connection(): Connection | undefined {
    return this.#state.kind === 'open' ? this.#state.carriers.current : undefined
  }

  /** What will carry it once the peer has used its keys. */
  get candidate(): Connection | undefined {
    return this.#state.kind === 'open' ? this.#state.carriers.candidate : undefined
  }

  /** Proven by the handshake; undefined before the first one. */
  get record(): MemberRecord | undefined {
    return this.connection?.record
  }

  get roundTripMs(): number | undefined {
    return this.connection?.roundTripMs
  }

  /** Random, drawn when this side last knew nothing of the peer. */
  get life(): Uint8Array {
    return this.#life
  }

  /** The greatest of the handshakes that came through. */
  get order(): number {
    return this.#order
  }

  /** When something was last said or heard. */
  get usedAt(): number {
    return Math.max(this.#usedAt, this.connection?.lastHeardAt ?? 0)
  }

  /** What the peer makes this side hold, in bytes. */
  get heldBytes(): number {
    return this.#streams.heldBytes
  }

  /** Of all that peers make this node hold this one has the most, and there is no room left. */
  shed(): void {
    this.close(new MeshError('QUEUE_FULL', `${this.heldBytes} bytes that nobody has read yet take more room than there is`))
  }

  /** Nothing is under way in either direction. */
  get isIdle(): boolean {
    const { connection, candidate } = this
    const isQuiet = connection ? connection.isQuiet && !candidate : this.#state.kind === 'idle'
    return isQuiet && this.#outbox.isEmpty && this.#streams.isIdle && this.#datagrams.length === 0
  }

  /** Resolves when the peer's library has it. Rejects with TOO_LARGE, QUEUE_FULL, BUSY, TIMEOUT, CLOSED or OUTCOME_UNKNOWN. */
  message(data: Uint8Array, priority: SessionPriority = 'normal'): Promise<void> {
    const delivered = new Promise<void>((resolve, reject) => {
      if (this.#state.kind === 'closed') return reject(this.#state.error)
      const refused = this.#outbox.add(data, priority, (error) => (error ? reject(error) : resolve()))
      if (refused) reject(refused)
      else this.#wake()
    })
    delivered.catch(() => {})
    return delivered
  }

  /** Undefined: it will leave, unless too many others do. `data` is copied. */
  datagram(data: Uint8Array): MeshError | undefined {
    if (this.#state.kind === 'closed') return this.#state.error
    if (data.length > datagramBytesMax)
      return new MeshError('TOO_LARGE', `a datagram of ${data.length} bytes: at most ${datagramBytesMax} fit`)
    this.#datagrams.push(data.slice())
    if (this.#datagrams.length > datagramsQueuedMax) this.#datagrams.shift()
    this.#wake()
    return undefined
  }

  /** Throws QUEUE_FULL when too many are open, and why the session is closed once it is. What is written waits for the handshake. */
  openStream(priority: SessionPriority = 'normal'): SessionStream {
    if (this.#state.kind === 'closed') throw this.#state.error
    return this.#streams.openStream(priority)
  }

  /** What was said leaves before anything else is, as far as the congestion window lets it. */
  flush(): void {
    this.connection?.flush()
  }

  /** Says so to the peer. What is under way fails with `error`. */
  close(error: MeshError = new MeshError('CLOSED', 'the session was closed')): void {
    this.#end(error, { kind: 'close', code: error.code, text: error.message.slice(0, 60) })
  }

  /** For the table: a handshake came through. */
  adopt(connection: Connection): void {
    if (this.#state.kind === 'closed') return
    this.#order = Math.max(this.#order, connection.order)
    connection.ping()
    if (this.#state.kind === 'open') {
      this.#state.carriers.adopt(connection)
      return
    }
    const owner = { dropped: (dropped: Connection) => this.#options.dropped(dropped), lost: (frame: SentFrame) => this.lost(frame) }
    this.#state = { kind: 'open', carriers: new Carriers(connection, owner) }
    this.#carriedBy(connection)
    this.#options.opened()
  }

  /** For the table: no handshake came through. */
  unanswered(): void {
    if (this.#state.kind !== 'open') this.#end(new MeshError('TIMEOUT', `${this.peer} does not answer`))
  }

  /** For the table: the peer never used the keys of this connection. */
  unconfirmed(id: string): void {
    if (this.#state.kind !== 'open') return
    const { current, candidate } = this.#state.carriers
    if (candidate?.id === id) this.#state.carriers.remove(candidate)
    else if (current.id === id && !current.isVerified) this.#askAgain(this.#state.carriers)
  }

  /** For the table: somebody says that the peer does not know this session. Perhaps it is the peer. */
  hinted(peerId: string): void {
    const now = this.#options.clock.now()
    if (this.connection?.peerId !== peerId || now - this.#heededAt < noticeHeededEveryMs) return
    this.#heededAt = now
    this.#options.ask()
  }

  /** For the table's owner: it is proven that the process of the peer is another one now. */
  superseded(): void {
    if (this.#state.kind === 'open' && !this.#state.carriers.candidate) this.#restart(`${this.peer} restarted`)
  }

  routeChanged(): void {
    if (this.#state.kind === 'open') this.#state.carriers.routeChanged()
  }

  // What a connection asks of the session that it carries.

  fill(connection: Connection, draft: RecordDraft): void {
    if (this.connection !== connection) return
    for (let data = this.#datagrams[0]; data !== undefined && draft.room >= data.length + 4; data = this.#datagrams[0]) {
      draft.add({ kind: 'datagram', data })
      this.#datagrams.shift()
    }
    this.#streams.fill(draft)
  }

  acked(frame: SentFrame): void {
    this.#usedAt = this.#options.clock.now()
    this.#streams.acked(frame)
  }

  lost(frame: SentFrame): void {
    this.#streams.lost(frame)
  }

  /** The peer uses these keys: from now on we do. */
  verified(connection: Connection): void {
    if (this.#state.kind === 'open' && this.#state.carriers.verified(connection)) this.#carriedBy(connection)
  }

  received(connection: Connection, frame: SessionFrame): WireFault | undefined {
    this.#usedAt = this.#options.clock.now()
    if (frame.kind === 'datagram') {
      const data = frame.data.slice()
      this.#handle(() => this.#options.handlers.datagram(data))
      return undefined
    }
    if (frame.kind !== 'close') return this.#streams.received(frame)
    if (this.connection === connection) this.#restart(`${this.peer} closed the session: ${frame.code}`)
    return undefined
  }

  failed(connection: Connection, error: MeshError): void {
    if (this.connection === connection) this.close(error)
    else if (this.#state.kind === 'open') this.#state.carriers.remove(connection)
  }

  #wake(): void {
    this.#usedAt = this.#options.clock.now()
    this.connection?.wake()
    if (this.#state.kind !== 'idle') return
    this.#askedSince = this.#usedAt
    this.#state = { kind: 'asking' }
    this.#options.ask()
  }

  /** Another life of the peer knows nothing of what was said to the one before. */
  #carriedBy(connection: Connection): void {
    const before = this.#peerLife
    this.#peerLife = connection.peerLife
    if (before !== undefined && before !== connection.peerLife) this.#startAnew(`${this.peer} restarted, or forgot this session`)
    connection.wake()
  }

  /** The handshake came through on this side only, or the network broke right behind it: another one goes on where this one was. */
  #askAgain(carriers: Carriers): void {
    const now = this.#options.clock.now()
    if (now - (this.#askedSince ?? now) >= handshakeGiveUpMs) {
      this.#end(new MeshError('TIMEOUT', `${this.peer} does not answer`))
      return
    }
    this.#state = { kind: 'asking' }
    carriers.giveBack()
    this.#options.ask()
  }

  /** Every connection is gone; what never left goes to the peer once more, if there is any. */
  #restart(reason: string): void {
    if (this.#state.kind === 'open') this.#state.carriers.end()
    this.#state = idle
    this.#life = this.#options.newLife()
    this.#peerLife = undefined
    this.#order = 0
    this.#startAnew(reason)
    if (!this.#outbox.isIdle || this.#datagrams.length > 0) this.#wake()
    else this.#end(new MeshError('CLOSED', reason))
  }

  #startAnew(reason: string): void {
    this.#streams.close(reason)
    this.#streams = this.#newStreams()
    this.#outbox.restart()
  }

  #end(error: MeshError, farewell?: SessionFrame): void {
    const state = this.#state
    if (state.kind === 'closed') return
    this.#state = { kind: 'closed', error }
    if (state.kind === 'open') state.carriers.end(farewell)
    this.#streams.close(error.message)
    this.#outbox.fail(error)
    this.#datagrams = []
    this.#options.ended(error)
  }

  #newStreams(): Streams {
    const { clock, address, peer, places, handlers } = this.#options
    return new Streams({
      clock,
      peer,
      places,
      isEven: address < peer,
      outbox: this.#outbox,
      wake: () => this.#wake(),
      message: (data) => this.#handle(() => handlers.message(data)),
      stream: (stream) => this.#handle(() => handlers.stream(stream)),
    })
  }

  #handle(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#options.log.write(1, 'session', `a handler of what ${this.peer} sent failed`, error)
    }
  }
}
