// All streams and messages between two nodes: what to make of what the peer says, and when one of them is over. It knows nothing
// of packets and keys, and outlives the connection that carries it. Messages are streams in one direction that the peer's
// library takes whole; the acknowledgement of the last byte is the proof that it did.

import { MeshError } from '../errors/mesh-error.ts'
import type { Clock } from '../ports/clock.ts'
import { WireFault } from '../wire/wire-fault.ts'
import { ReceiveCredit } from './credit.ts'
import type { LargeMessagePlaces } from './large-messages.ts'
import { MessageIntake } from './message-intake.ts'
import type { MessageOutbox } from './message-outbox.ts'
import { PeerStreamIds } from './peer-stream-ids.ts'
import { ReceiveStream } from './receive-stream.ts'
import type { RecordDraft, SentFrame } from './record-draft.ts'
import { noReason, SendStream, type SessionPriority } from './send-stream.ts'
import type { SessionFrame, StreamFrame } from './session-frames.ts'
import { streamsOpenMax, streamWindowBytesMost } from './session-limits.ts'
import { SessionStream } from './session-stream.ts'
import { StreamSender } from './stream-sender.ts'

export interface StreamsOptions {
  readonly clock: Clock
  readonly peer: string
  /** Of two nodes the one with the smaller address opens streams with even ids. */
  readonly isEven: boolean
  readonly places: LargeMessagePlaces
  readonly outbox: MessageOutbox
  /** There may be something to send. */
  wake(): void
  message(data: Uint8Array): void
  stream(stream: SessionStream): void
}

interface GivenUp {
  readonly code: number
  readonly reason: Uint8Array
}

interface Entry {
  readonly id: number
  readonly send: SendStream | undefined
  readonly receive: ReceiveStream | undefined
  readonly stream: SessionStream | undefined
  sendOver: boolean
  receiveOver: boolean
  /** Refused here: what still comes is thrown away. */
  stopped: boolean
}

/** Of a `stop`: the receiver is at a limit. Every other code is the application's. */
const refusedCode = 1

export class Streams {
  readonly #options: StreamsOptions
  readonly #open = new Map<number, Entry>()
  readonly #sender: StreamSender
  readonly #peerIds = new PeerStreamIds()
  readonly #credit = new ReceiveCredit()
  readonly #intake: MessageIntake
  #ownNext = 0
  #ownMost = streamsOpenMax

  constructor(options: StreamsOptions) {
    this.#options = options
    this.#sender = new StreamSender(() => options.wake())
    this.#intake = new MessageIntake({
      clock: options.clock,
      places: options.places,
      creditDue: (stream) => this.#streamCreditDue(stream),
      stalled: (stream) => this.#stop(stream, refusedCode),
    })
  }

  /** Neither a stream nor a message is under way. */
  get isIdle(): boolean {
    return this.#open.size === 0
  }

  /** What the peer has sent and nobody has taken. */
  get heldBytes(): number {
    let sum = 0
    for (const { receive } of this.#open.values()) sum += receive?.heldBytes ?? 0
    return sum
  }

  /** Throws QUEUE_FULL when the peer allows no more streams now. */
  openStream(priority: SessionPriority): SessionStream {
    if (this.#ownNext >= this.#ownMost)
      throw new MeshError('QUEUE_FULL', `${streamsOpenMax} streams to ${this.#options.peer} are open already`)
    return this.#addStream(this.#takeId(), priority)
  }

  /** What the peer said. A fault ends the session. Other frames than those of streams are not for this room. */
  received(frame: SessionFrame): WireFault | undefined {
    switch (frame.kind) {
      case 'stream':
        return this.#with(frame.id, frame.message, (entry) => this.#onStream(entry, frame))
      case 'reset':
        return this.#with(frame.id, false, (entry) => this.#onReset(entry, frame))
      case 'stop':
        return this.#with(frame.id, false, (entry) => this.#onStop(entry, frame))
      case 'streamCredit':
        return this.#with(frame.id, false, (entry) => entry.send?.grant(frame.most) as undefined)
      case 'credit':
        this.#sender.grant(frame.most)
        return undefined
      case 'streamsCredit':
        this.#ownMost = Math.max(this.#ownMost, frame.most)
        return undefined
      default:
        return undefined
    }
  }

  fill(draft: RecordDraft): void {
    this.#sender.fillValues(draft)
    this.#beginMessages()
    this.#sender.fillData(draft)
  }

  acked(frame: SentFrame): void {
    if (frame.kind === 'value') frame.acked?.()
    if (frame.kind !== 'stream') return
    const { stream: send } = frame
    const entry = this.#open.get(send.id)
    if (entry?.send !== send || entry.sendOver) return
    send.acked(frame.offset, frame.length, frame.end)
    entry.stream?.acknowledged()
    if (send.isDone) this.#sendOver(entry, send)
  }

  /** It has to be said again, as things are now. */
  lost(frame: SentFrame): void {
    if (frame.kind === 'stream' && this.#open.get(frame.stream.id)?.send !== frame.stream) return
    this.#sender.lost(frame)
  }

  /** The session is over, or begins anew with a peer that has forgotten it: every stream breaks off. Messages are the outbox's. */
  close(reason: string): void {
    this.#intake.close()
    for (const { stream } of this.#open.values()) {
      if (stream === undefined) continue
      const error = new MeshError(
        'STREAM_RESET',
        `the stream broke off after ${stream.ackedBytes} bytes that the peer has for certain: ${reason}`,
      )
      stream.failSending(error, { by: 'session' })
      stream.failReceiving(error, { by: 'session' })
    }
    this.#open.clear()
    this.#sender.clear()
  }

  /** The stream that a frame is about, met for the first time or not; nothing for a late repetition of one that is over. */
  #with(id: number, message: boolean, then: (entry: Entry) => WireFault | undefined): WireFault | undefined {
    const known = this.#open.get(id)
    if (known) return then(known)
    const index = Math.floor(id / 2)
    const met = this.#isOwn(id) ? (index < this.#ownNext ? 'known' : 'beyond') : this.#peerIds.meet(index)
    if (met === 'beyond') return new WireFault('bad-value', `nobody may have opened stream ${id}`)
    if (met === 'known') return undefined
    if (message) {
      const receive = new ReceiveStream(id, true)
      this.#open.set(id, { id, send: undefined, receive, stream: undefined, sendOver: true, receiveOver: false, stopped: false })
    } else {
      this.#options.stream(this.#addStream(id, 'bulk'))
    }
    const entry = this.#open.get(id)
    return entry && then(entry)
  }

  #onStream(entry: Entry, frame: StreamFrame): WireFault | undefined {
    const { receive } = entry
    if (receive === undefined || receive.isMessage !== frame.message)
      return new WireFault('bad-value', `stream ${frame.id} is of another kind`)
    if (entry.receiveOver) return undefined
    // Its bytes would be acknowledged, and its sender would believe that it was taken.
    if (entry.stopped && receive.isMessage)
      return new WireFault('bad-value', `message ${frame.id} goes on after a long silence for which it was refused`)
    const grown = receive.received(frame)
    if (grown instanceof WireFault) return grown
    if (!receive.isMessage && !this.#credit.received(grown)) return beyondCredit()
    if (entry.stopped) this.#throwAway(entry, receive, grown)
    else if (frame.message) return this.#onMessagePart(entry, receive)
    else this.#onStreamPart(entry, receive)
    return undefined
  }

  #onStreamPart(entry: Entry, receive: ReceiveStream): void {
    entry.stream?.readable()
    if (receive.isDrained) this.#receiveOver(entry)
  }

  #onMessagePart(entry: Entry, receive: ReceiveStream): WireFault | undefined {
    const fault = this.#intake.progress(receive)
    if (fault || !receive.isComplete) return fault
    this.#intake.finished(receive)
    const data = receive.takeAll()
    this.#receiveOver(entry)
    this.#options.message(data)
    return undefined
  }

  /** It was stopped here, but the peer uses up credit for it until it hears of that, and gets it back. */
  #throwAway(entry: Entry, receive: ReceiveStream, grown: number): void {
    receive.takeAll()
    this.#consumed(receive, grown)
    if (receive.hasEnd) this.#receiveOver(entry)
  }

  #onReset(entry: Entry, { size, code, reason }: GivenUp & { readonly size: number }): WireFault | undefined {
    const { receive } = entry
    if (receive === undefined || entry.receiveOver || receive.isComplete) return undefined
    const unread = entry.stopped ? 0 : receive.highest - receive.takenBytes
    const grown = receive.resetAt(size)
    if (grown instanceof WireFault) return grown
    if (!receive.isMessage && !this.#credit.received(grown)) return beyondCredit()
    if (receive.isMessage && !entry.stopped) this.#intake.finished(receive)
    else this.#consumed(receive, unread + grown)
    receive.discard()
    const error = new MeshError('STREAM_RESET', `${this.#options.peer} gave the stream up after ${size} bytes`)
    entry.stream?.failReceiving(error, { by: 'peer', code, reason: reason.slice() })
    this.#receiveOver(entry)
    return undefined
  }

  #onStop({ send, sendOver, stream }: Entry, { code, reason }: GivenUp): undefined {
    if (send === undefined || sendOver || send.isReset) return
    const text = `${this.#options.peer} wants no more of it; it has ${send.ackedBytes} bytes for certain`
    const error = new MeshError(code === refusedCode ? 'BUSY' : 'STREAM_RESET', text)
    send.reset(code)
    stream?.failSending(error, { by: 'peer', code, reason: reason.slice() })
    this.#options.outbox.settle(send, error)
    this.#resetDue(send)
  }

  #stop(receive: ReceiveStream, code: number, reason: Uint8Array = noReason): void {
    const entry = this.#open.get(receive.id)
    if (entry?.receive !== receive || entry.stopped || entry.receiveOver) return
    entry.stopped = true
    if (receive.isMessage) this.#intake.finished(receive)
    else this.#consumed(receive, receive.highest - receive.takenBytes)
    receive.discard()
    if (receive.hasEnd) this.#receiveOver(entry)
    else this.#sender.due({ kind: 'value', key: `stop ${receive.id}`, current: () => ({ kind: 'stop', id: receive.id, code, reason }) })
  }

  #addStream(id: number, priority: SessionPriority): SessionStream {
    const halves = { send: new SendStream(id, priority, false), receive: new ReceiveStream(id, false) }
    const owner = {
      wrote: (send: SendStream) => this.#wrote(send),
      consumed: (receive: ReceiveStream, bytes: number) => this.#read(receive, bytes),
      stopped: (receive: ReceiveStream, code: number, reason: Uint8Array) => this.#stop(receive, code, reason),
    }
    const stream = new SessionStream(this.#options.peer, owner, halves)
    this.#open.set(id, { id, ...halves, stream, sendOver: false, receiveOver: false, stopped: false })
    return stream
  }

  #wrote(send: SendStream): void {
    if (this.#open.get(send.id)?.send !== send) return
    if (send.isReset) this.#resetDue(send)
    else this.#sender.offer(send)
  }

  #resetDue(send: SendStream): void {
    this.#sender.remove(send)
    const acked = (): void => {
      const entry = this.#open.get(send.id)
      if (entry?.send === send) this.#sendOver(entry, send)
    }
    this.#sender.due({ kind: 'value', key: `reset ${send.id}`, acked, current: () => ({ kind: 'reset', id: send.id, ...send.resetFrame }) })
  }

  #read(receive: ReceiveStream, bytes: number): void {
    const entry = this.#open.get(receive.id)
    if (entry?.receive !== receive || entry.stopped) return
    this.#consumed(receive, bytes)
    if (receive.renewCredit(receive.takenBytes, streamWindowBytesMost)) this.#streamCreditDue(receive)
    if (receive.isDrained) this.#receiveOver(entry)
  }

  /** Messages have no credit but their own. */
  #consumed(receive: ReceiveStream, bytes: number): void {
    if (receive.isMessage || !this.#credit.consumed(bytes)) return
    this.#sender.due({ kind: 'value', key: 'credit', current: () => ({ kind: 'credit', most: this.#credit.most }) })
  }

  #streamCreditDue(receive: ReceiveStream): void {
    const { id } = receive
    const current = (): SessionFrame | undefined => (this.#open.has(id) ? { kind: 'streamCredit', id, most: receive.credit } : undefined)
    this.#sender.due({ kind: 'value', key: `credit of ${id}`, current })
  }

  #sendOver(entry: Entry, send: SendStream): void {
    entry.sendOver = true
    this.#sender.remove(send)
    this.#options.outbox.settle(send)
    this.#closeIfOver(entry)
  }

  #receiveOver(entry: Entry): void {
    entry.receiveOver = true
    this.#closeIfOver(entry)
  }

  #closeIfOver(entry: Entry): void {
    // The end of a stream that is empty, or was read before its end came, is nothing that anybody has to read.
    if (entry.receive?.isDrained) entry.receiveOver = true
    if (!entry.sendOver || !entry.receiveOver || !this.#open.delete(entry.id) || this.#isOwn(entry.id)) return
    if (!this.#peerIds.finished()) return
    this.#sender.due({ kind: 'value', key: 'streams', current: () => ({ kind: 'streamsCredit', most: this.#peerIds.most }) })
  }

  #beginMessages(): void {
    const { outbox } = this.#options
    for (let message = outbox.next(this.#ownMost - this.#ownNext); message; message = outbox.next(this.#ownMost - this.#ownNext)) {
      const send = new SendStream(this.#takeId(), message.priority, true)
      this.#open.set(send.id, {
        id: send.id,
        send,
        receive: undefined,
        stream: undefined,
        sendOver: false,
        receiveOver: true,
        stopped: false,
      })
      send.write(message.data)
      send.end()
      outbox.began(message, send)
      this.#sender.offer(send)
    }
  }

  #takeId(): number {
    this.#ownNext += 1
    return (this.#ownNext - 1) * 2 + (this.#options.isEven ? 0 : 1)
  }

  #isOwn(id: number): boolean {
    return (id % 2 === 0) === this.#options.isEven
  }
}

function beyondCredit(): WireFault {
  return new WireFault('too-long', 'the peer went beyond the credit of the session')
}
