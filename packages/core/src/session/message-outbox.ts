import { MeshError } from '../errors/mesh-error.ts'
import type { SendStream, SessionPriority } from './send-stream.ts'
import { messageBytesMax, messageBytesUnsettledMax, messagesUnsettledMax } from './session-limits.ts'

export interface OutgoingMessage {
  readonly data: Uint8Array
  readonly priority: SessionPriority
  /** Once it began to leave. */
  stream: SendStream | undefined
  settle(error: MeshError | undefined): void
}

const classes: readonly SessionPriority[] = ['urgent', 'normal', 'bulk']
/** Streams that a class leaves to those above it. */
const reservedStreams: Record<SessionPriority, number> = { urgent: 0, normal: 32, bulk: 128 }

/** Messages that the peer does not have yet, from the moment they were asked for. Outlives connections. */
export class MessageOutbox {
  readonly #waiting: Record<SessionPriority, OutgoingMessage[]> = { urgent: [], normal: [], bulk: [] }
  readonly #begun = new Map<SendStream, OutgoingMessage>()
  #count = 0
  #bytes = 0

  /** Nothing waits and nothing is on its way. */
  get isEmpty(): boolean {
    return this.#count === 0
  }

  /** Nothing waits for a stream. */
  get isIdle(): boolean {
    return classes.every((priority) => this.#waiting[priority].length === 0)
  }

  /** Undefined, or why it is not taken. `data` is copied. */
  add(data: Uint8Array, priority: SessionPriority, settled: (error: MeshError | undefined) => void): MeshError | undefined {
    if (data.length > messageBytesMax) {
      return new MeshError('TOO_LARGE', `a message of ${data.length} bytes: at most ${messageBytesMax} fit; send a stream`)
    }
    if (this.#count >= messagesUnsettledMax || this.#bytes + data.length > messageBytesUnsettledMax) {
      return new MeshError('QUEUE_FULL', `${this.#count} messages with ${this.#bytes} bytes wait to be delivered already`)
    }
    this.#count += 1
    this.#bytes += data.length
    const settle = (error: MeshError | undefined): void => {
      this.#count -= 1
      this.#bytes -= data.length
      settled(error)
    }
    this.#waiting[priority].push({ data: data.slice(), priority, stream: undefined, settle })
    return undefined
  }

  /** The next message to begin with, when `streams` more may be opened. */
  next(streams: number): OutgoingMessage | undefined {
    for (const priority of classes) {
      if (streams > reservedStreams[priority] && this.#waiting[priority].length > 0) return this.#waiting[priority].shift()
    }
    return undefined
  }

  began(message: OutgoingMessage, stream: SendStream): void {
    message.stream = stream
    this.#begun.set(stream, message)
  }

  /** The peer's library has it (no error), or it failed. */
  settle(stream: SendStream, error?: MeshError): void {
    const message = this.#begun.get(stream)
    if (message === undefined) return
    this.#begun.delete(stream)
    message.settle(error)
  }

  /** The peer has forgotten everything: what never left is sent to what it is now, of the rest nobody knows. */
  restart(): void {
    const begun = [...this.#begun]
    this.#begun.clear()
    for (const [stream, message] of begun.toReversed()) {
      if (stream.hasBegun) continue
      message.stream = undefined
      this.#waiting[message.priority].unshift(message)
    }
    for (const [stream, message] of begun) if (stream.hasBegun) message.settle(unknownOutcome())
  }

  /** Nothing more will be delivered. */
  fail(error: MeshError): void {
    const begun = [...this.#begun]
    const waiting = classes.flatMap((priority) => this.#waiting[priority].splice(0))
    this.#begun.clear()
    for (const [stream, message] of begun) message.settle(stream.hasBegun ? unknownOutcome(error) : error)
    for (const message of waiting) message.settle(error)
  }
}

function unknownOutcome(cause?: MeshError): MeshError {
  return new MeshError('OUTCOME_UNKNOWN', 'the message left, and nobody can say whether it arrived', { cause })
}
