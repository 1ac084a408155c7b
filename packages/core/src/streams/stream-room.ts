import { run, wait, type Steps } from '../async/awaitable.ts'
import { checkOptions } from '../errors/known-options.ts'
import { closedError, describeThrown, handled } from '../async/operations.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Awaitable, Crypto } from '../ports/crypto.ts'
import type { SessionStream } from '../session/session-stream.ts'
import type { StreamEntry, StreamHandler, StreamRegisterOptions } from './incoming-streams.ts'
import { checkStreamName } from './stream-name.ts'
import type { StreamCarrier, StreamTraffic, StreamTrafficOptions } from './stream-traffic.ts'

/** A registered handler of streams. */
export interface StreamRegistration {
  readonly name: string
  /** Withdraws it; what is under way goes on. Idempotent. */
  close(): void
  [Symbol.dispose](): void
}

/** `mesh.streams`: what others may open here. */
export interface Streams<M> {
  /**
   * Takes streams of this name; before `ready` too. The handler reads `readable` as fast as it likes (the sender waits) and answers
   * with anything that can be streamed, or nothing. Throws INVALID_OPTION for a name that is taken or cannot be.
   */
  register(name: string, handler: StreamHandler<M>, options?: StreamRegisterOptions): StreamRegistration
}

export interface StreamRoomOptions<M> extends Omit<StreamTrafficOptions<M>, 'carrier' | 'crypto' | 'entry'> {
  /** What carries streams, asked for with the first of them. */
  load(): Awaitable<typeof StreamTraffic>
}

export const streamNamesMax = 1_024
/** To the opener of a stream that cannot be taken now, as a session says it at a limit. */
const busyCode = 1

/** The names of the streams that are taken here from the beginning, and what carries streams as soon as there is one. */
export class StreamRoom<M> implements Streams<M> {
  readonly #options: StreamRoomOptions<M>
  readonly #entries = new Map<string, StreamEntry<M>>()
  #ends: { readonly carrier: StreamCarrier; readonly crypto: Crypto } | undefined
  #traffic: StreamTraffic<M> | undefined
  #isClosed = false

  constructor(options: StreamRoomOptions<M>) {
    this.#options = options
  }

  attach(carrier: StreamCarrier, crypto: Crypto): void {
    this.#ends = { carrier, crypto }
    carrier.takeStreams((peer, stream) => void run(this.#take(peer, stream)))
  }

  register(name: string, handler: StreamHandler<M>, options: StreamRegisterOptions = {}): StreamRegistration {
    checkStreamName(name)
    if (typeof handler !== 'function') throw new MeshError('INVALID_OPTION', `the handler of the stream '${name}' must be a function`)
    checkOptions(options, ['kept'])
    if (this.#entries.has(name)) throw new MeshError('INVALID_OPTION', `the stream '${name}' is registered already: close() it first`)
    if (this.#entries.size >= streamNamesMax) throw new MeshError('QUEUE_FULL', `a node takes at most ${streamNamesMax} kinds of streams`)
    const entry = { ...options, handler }
    this.#entries.set(name, entry)
    // Whoever takes streams shall not have to wait for it, nor need its web server then.
    void handled(Promise.resolve(this.#options.load()))
    const close = (): void => {
      if (this.#entries.get(name) === entry) this.#entries.delete(name)
    }
    return { name, close, [Symbol.dispose]: close }
  }

  /** Rejects with CLOSED, or why it cannot be loaded. */
  traffic(): Awaitable<StreamTraffic<M>> {
    return run(this.#load())
  }

  close(): void {
    this.#isClosed = true
    this.#traffic?.close()
    this.#entries.clear()
  }

  *#load(): Steps<StreamTraffic<M>> {
    if (this.#traffic) return this.#traffic
    const Traffic = yield* wait(this.#options.load())
    if (!this.#ends || this.#isClosed) throw closedError()
    this.#traffic ??= new Traffic<M>({ ...this.#options, ...this.#ends, entry: (name) => this.#entries.get(name) })
    return this.#traffic
  }

  /** What the peer says meanwhile waits in the stream. */
  *#take(peer: string, stream: SessionStream): Steps<void> {
    try {
      const traffic = yield* this.#load()
      traffic.take(peer, stream)
    } catch (error) {
      const { log } = this.#options
      if (log.level >= 3) log.write(3, 'streams', `a stream of ${peer} is not taken: ${describeThrown(error)}`)
      stream.reset(busyCode)
      stream.stop(busyCode)
    }
  }
}
