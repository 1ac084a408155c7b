// One handshake's keys, and the packets under them: when one leaves, what it acknowledges, and who hears what came. What the
// frames mean is not its business. A session may replace its connection by a newer one; what the old one had in flight is
// then said again on the new one.

import { run } from '../async/awaitable.ts'
import { Pipeline, type PipelineTask } from '../async/pipeline.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { MemberRecord } from '../identity/member-record.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import type { ByteWriter } from '../wire/bytes.ts'
import { isWireFault, type WireFault } from '../wire/wire-fault.ts'
import { Acknowledgements } from './acknowledgements.ts'
import { InFlight } from './in-flight.ts'
import type { RecordOpener, RecordRefusal, RecordSealer } from './record.ts'
import { RecordDraft, type SentFrame } from './record-draft.ts'
import { decodeFrames, type SessionFrame } from './session-frames.ts'
import {
  ackDelayMs,
  recordBytesQueuedMax,
  recordOverheadBytes,
  recordsQueuedMax,
  recordsUnderWayMax,
  sessionPacketBytesMax,
} from './session-limits.ts'
import { idText } from './session-packet.ts'

/** On average one packet number in so many is left out: who acknowledges it has not seen what it acknowledges. */
const skippedNumbersEvery = 128
/** What a timeout may send although the window is full. */
const probesOfTimeout = 2
/** A packet is at most so small a part of the window: on a slow path nothing urgent waits behind a large one. */
const packetsOfWindow = 16

export interface ConnectionOptions {
  readonly clock: Clock
  readonly dice: Dice
  /** Ours: what packets to us carry. */
  readonly id: Uint8Array
  /** The peer's: what packets to it carry. */
  readonly peerId: Uint8Array
  readonly sealer: RecordSealer
  readonly opener: RecordOpener
  /** The peer's, as the handshake proved it. */
  readonly record: MemberRecord
  /** Handshakes are numbered by both sides together; of two connections of one pair the greater one counts, of equals the one begun by the smaller address. */
  readonly order: number
  readonly bySmaller: boolean
  /** Which life of the peer this is: another one knows nothing of what was said before. */
  readonly peerLife: string
  /** Measured by the handshake. */
  readonly roundTripMs: number | undefined
}

export interface ConnectionOwner {
  /** Puts what is to be said into the draft; leaves it empty when there is nothing. */
  fill(connection: Connection, draft: RecordDraft): void
  acked(frame: SentFrame): void
  lost(frame: SentFrame): void
  /** The largest packet that would get there now. */
  readonly packetBytesMax: number
  /** The packet is lent: who keeps it copies it. */
  transmit(packet: Uint8Array): void
  /** A record held. Called before its frames are. */
  verified(connection: Connection): void
  /** Not of acks. A fault ends the connection. */
  received(connection: Connection, frame: SessionFrame): WireFault | undefined
  refused(reason: RecordRefusal | 'overload'): void
  failed(connection: Connection, error: MeshError): void
}

export class Connection {
  readonly id: string
  readonly peerId: string
  readonly record: MemberRecord
  readonly order: number
  readonly bySmaller: boolean
  readonly peerLife: string
  readonly #options: ConnectionOptions
  readonly #owner: ConnectionOwner
  readonly #inFlight = new InFlight<SentFrame>()
  readonly #acks = new Acknowledgements()
  readonly #ingress = new Pipeline<Uint8Array | RecordRefusal>(recordsQueuedMax, recordsUnderWayMax)
  readonly #egress = new Pipeline<ByteWriter>(recordsQueuedMax, recordsUnderWayMax)
  #ingressBytes = 0
  #probes = 0
  #pingDue = false
  /** More may be said as soon as one of the records is sealed. */
  #isSealing = false
  #verified = false
  #woken = false
  #timerAt: number | undefined
  #stopTimer: () => void = () => {}
  #closed = false
  #lastHeardAt: number

  constructor(options: ConnectionOptions, owner: ConnectionOwner) {
    this.id = idText(options.id)
    this.peerId = idText(options.peerId)
    this.record = options.record
    this.order = options.order
    this.bySmaller = options.bySmaller
    this.peerLife = options.peerLife
    this.#options = options
    this.#owner = owner
    this.#lastHeardAt = options.clock.now()
    if (options.roundTripMs !== undefined) this.#inFlight.measured(options.roundTripMs, this.#lastHeardAt)
  }

  /** A record of the peer has held: it has the keys. */
  get isVerified(): boolean {
    return this.#verified
  }

  get lastHeardAt(): number {
    return this.#lastHeardAt
  }

  get roundTripMs(): number | undefined {
    return this.#inFlight.roundTripMs
  }

  get windowBytes(): number {
    return this.#inFlight.windowBytes
  }

  /** Nothing waits for the peer's answer. */
  get isQuiet(): boolean {
    return this.#inFlight.isEmpty && !this.#pingDue
  }

  /** There may be something to say: it leaves at the end of this turn. */
  wake(): void {
    if (this.#woken || this.#closed) return
    this.#woken = true
    this.#options.clock.soon(() => {
      this.#woken = false
      this.#pump()
    })
  }

  /** What may leave now does, and not at the end of the turn. */
  flush(): void {
    this.#pump()
  }

  /** Asks for a sign of life. */
  ping(): void {
    this.#pingDue = true
    this.wake()
  }

  receive(number: number, sealed: Uint8Array): void {
    const { opener } = this.#options
    const { length } = sealed
    const mayQueue = this.#ingressBytes + length <= recordBytesQueuedMax
    this.#ingressBytes += length
    const over = (): void => void (this.#ingressBytes -= length)
    const task: PipelineTask<Uint8Array | RecordRefusal> = {
      begin: () => run(opener.open(number, sealed)),
      finish: (plain) => {
        over()
        this.#opened(number, plain)
      },
      // No port fails at what a peer sends; if one does, the record is lost.
      failed: () => {
        over()
        this.#owner.refused('bad-tag')
      },
      isAlone: () => opener.changesKey(number),
    }
    if (mayQueue && this.#ingress.push(task)) return
    over()
    this.#owner.refused('overload')
  }

  /** What is in flight may have gone the old way for nothing: the oldest of it is said again at once. */
  routeChanged(): void {
    if (this.#closed) return
    const now = this.#options.clock.now()
    if (!this.#inFlight.isEmpty) this.#suspect(this.#inFlight.oldest(now))
    this.#inFlight.routeChanged(now)
    this.wake()
  }

  /** Sends the last words, if there are any, and is silent from then on. */
  close(farewell?: SessionFrame): void {
    if (this.#closed) return
    if (farewell !== undefined) {
      const draft = this.#newDraft()
      draft.add(farewell)
      this.#send(draft)
    }
    this.#closed = true
    this.#stopTimer()
    this.#ingress.clear()
    this.#inFlight.drain()
  }

  /** Another connection goes on: this one says nothing by itself any more, but hears and acknowledges what is still on its way. Gives what it had in flight. */
  retire(): SentFrame[] {
    this.#pingDue = false
    return this.#inFlight.drain()
  }

  #opened(number: number, plain: Uint8Array | RecordRefusal): void {
    if (this.#closed) return
    if (typeof plain === 'string') return this.#owner.refused(plain)
    this.#verified = true
    this.#lastHeardAt = this.#options.clock.now()
    this.#owner.verified(this)
    const frames = decodeFrames(plain)
    const fault = isWireFault(frames) ? frames : this.#receiveFrames(number, frames, plain.length)
    if (fault && !this.#closed)
      this.#owner.failed(this, new MeshError('WIRE_FAULT', `the peer broke the rules of sessions: ${fault.detail}`))
    this.wake()
  }

  #receiveFrames(number: number, frames: readonly SessionFrame[], bytes: number): WireFault | undefined {
    const now = this.#options.clock.now()
    this.#acks.received(number, {
      eliciting: frames.some(({ kind }) => kind !== 'ack' && kind !== 'close'),
      bytes,
      now,
      pauseMs: Math.min(ackDelayMs, (this.roundTripMs ?? Infinity) / 2),
    })
    for (const frame of frames) {
      const fault = frame.kind === 'ack' ? this.#onAck(frame, now) : this.#owner.received(this, frame)
      if (fault || this.#closed) return fault
    }
    return undefined
  }

  #onAck({ ranges, delayMs }: SessionFrame & { kind: 'ack' }, now: number): WireFault | undefined {
    const outcome = this.#inFlight.acknowledged(ranges, delayMs, now)
    if (isWireFault(outcome)) return outcome
    for (const frame of outcome.acked) {
      if (frame.kind === 'ack') this.#acks.confirmed(frame.largest)
      else this.#owner.acked(frame)
    }
    this.#lose(outcome.lost)
    return undefined
  }

  #lose(frames: readonly SentFrame[]): void {
    for (const frame of frames) this.#owner.lost(frame)
  }

  #pump(): void {
    if (this.#closed) return
    const now = this.#options.clock.now()
    while (this.#mayDraft()) {
      const draft = this.#draft(now)
      this.#owner.fill(this, draft)
      if (!draft.isEliciting && this.#pingDue) draft.add({ kind: 'ping' })
      if (!draft.isEliciting) break
      this.#pingDue = false
      this.#probes = Math.max(0, this.#probes - 1)
      this.#send(draft)
      if (this.#closed) return
    }
    if (!this.#isSealing) this.#probes = 0
    if (this.#acks.dueAt !== undefined && this.#acks.dueAt <= now) this.#send(this.#draft(now))
    this.#arm()
  }

  /** What waits to be sealed is no record yet: so the urgent goes before it, and little is held twice. */
  #mayDraft(): boolean {
    this.#isSealing = this.#egress.length >= recordsUnderWayMax
    return !this.#isSealing && (this.#probes > 0 || this.#inFlight.isOpen)
  }

  /** Whatever leaves says what has arrived, when there is news of that. */
  #draft(now: number): RecordDraft {
    const draft = this.#newDraft()
    const ack = this.#acks.isPending ? this.#acks.current(now) : undefined
    if (ack) draft.add(ack, { kind: 'ack', largest: ack.ranges[0]!.end - 1 })
    return draft
  }

  #newDraft(): RecordDraft {
    const share = Math.floor(this.#inFlight.windowBytes / packetsOfWindow)
    return new RecordDraft(Math.min(this.#owner.packetBytesMax, Math.max(sessionPacketBytesMax, share)) - recordOverheadBytes)
  }

  #send(draft: RecordDraft): void {
    const { sealer, clock, dice } = this.#options
    if (sealer.isUsedUp) return this.#owner.failed(this, new MeshError('LINK_FAILED', 'this session has sent 2^48 packets and is used up'))
    if (draft.isEliciting && dice.random() * skippedNumbersEvery < 1) this.#inFlight.passed(sealer.takeNumber(), true)
    const number = sealer.takeNumber()
    const plain = draft.view()
    if (draft.isEliciting) {
      this.#inFlight.sent({ number, sentAt: clock.now(), bytes: plain.length + recordOverheadBytes, frames: draft.sent })
    } else {
      this.#inFlight.passed(number, false)
    }
    this.#acks.told()
    // What does not fit the queue is as lost as what the network drops, and found out in the same way.
    const taken = this.#egress.push({
      begin: () => run(sealer.seal(number, plain)),
      finish: (packet) => {
        draft.release()
        this.#owner.transmit(packet.view())
        packet.release()
        if (this.#isSealing) this.wake()
      },
      failed: (cause) => {
        if (!this.#closed) this.#owner.failed(this, new MeshError('LINK_FAILED', 'a record cannot be sealed', { cause }))
      },
      isAlone: () => sealer.changesKey(number),
    })
    if (!taken) this.#owner.refused('overload')
  }

  #arm(): void {
    const dueAt = Math.min(this.#acks.dueAt ?? Infinity, this.#inFlight.dueAt ?? Infinity)
    // With each record it is due a little later: a timer that comes too early looks, and is set anew.
    if (this.#timerAt !== undefined && this.#timerAt <= dueAt && dueAt < Infinity) return
    this.#stopTimer()
    this.#timerAt = dueAt === Infinity ? undefined : dueAt
    if (dueAt === Infinity) return
    this.#stopTimer = this.#options.clock.setTimer(Math.max(0, dueAt - this.#options.clock.now()), () => {
      this.#timerAt = undefined
      this.#onTimer()
    })
  }

  #onTimer(): void {
    const now = this.#options.clock.now()
    const { dueAt } = this.#inFlight
    if (dueAt !== undefined && dueAt <= now) {
      if (this.#inFlight.isHopeless(now)) {
        this.#owner.failed(this, new MeshError('TIMEOUT', 'the peer has not answered for half a minute'))
        return
      }
      const { frames, suspected } = this.#inFlight.expired(now)
      if (suspected) this.#suspect(frames)
      else this.#lose(frames)
    }
    this.#pump()
  }

  /** Said again on suspicion, and beyond the window if need be. */
  #suspect(frames: readonly SentFrame[]): void {
    this.#lose(frames)
    this.#probes = probesOfTimeout
    this.#pingDue = true
  }
}
