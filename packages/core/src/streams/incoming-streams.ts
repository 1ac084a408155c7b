// Streams that others open here: which handler is meant, what of a file it has already, and how its answer or its error goes back.

import { asMeshError, closedError, describeThrown, type Operations } from '../async/operations.ts'
import { RecentMap } from '../bytes/recent-map.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Address } from '../identity/address.ts'
import type { Crypto } from '../ports/crypto.ts'
import type { Log } from '../ports/log.ts'
import type { CallerOf } from '../calls/caller-of.ts'
import type { SessionStream } from '../session/session-stream.ts'
import { isWireFault } from '../wire/wire-fault.ts'
import { fileHash } from './file-hash.ts'
import { pump } from './pump.ts'
import { readableBytes } from './readable-bytes.ts'
import { breakCodes, decodeOpen, encodeAccept, errorOf, ownWords, thrownWords, type BreakWords, type StreamFile } from './stream-heads.ts'
import { StreamReader } from './stream-reader.ts'
import { openSource, type SeekableSource, type StreamSource } from './stream-source.ts'

/** What a handler of streams is given first. */
export interface StreamContextOf<M> extends CallerOf<M> {
  /** What the caller says of its source, when that has a size. Do not take `name` for a path: it can be anything. */
  readonly file: StreamFile | undefined
  /** Bytes of the file that were here already: the stream begins behind them. 0 unless `kept` said so. */
  readonly offset: number
  /** Aborted when the caller gave up, or is gone. */
  readonly signal: AbortSignal
}

type StreamAnswer = StreamSource | undefined | void

/** Takes a stream and answers with one, or with nothing; now or later. What it throws reaches the caller as REMOTE_ERROR. */
export type StreamHandler<M> = (
  ctx: StreamContextOf<M>,
  readable: ReadableStream<Uint8Array<ArrayBuffer>>,
) => StreamAnswer | Promise<StreamAnswer>

type Kept = SeekableSource | Uint8Array | undefined

/** How streams of one name are taken. */
export interface StreamRegisterOptions {
  /** What is here already of a file that broke off, as a Blob or bytes: then only the rest of it comes, if the beginning is the same. */
  kept?: ((file: StreamFile, caller: Address) => Kept | Promise<Kept>) | undefined
}

export interface StreamEntry<M> extends StreamRegisterOptions {
  readonly handler: StreamHandler<M>
}

export interface IncomingStreamsOptions<M> {
  readonly operations: Operations
  readonly log: Log
  readonly mesh: () => M
  readonly crypto: Crypto
  entry(name: string): StreamEntry<M> | undefined
  /** What a handler threw is told at home, too. */
  report(error: MeshError): void
}

/** Handled at one time, of all peers together; then BUSY. */
export const streamsHandledMax = 1_024
/** Until the head of an opened stream is here. */
const headMsMax = 10_000
/** Until the sender of a file has looked whether what is here is the beginning of it. */
const startMsMax = 600_000
/** How long a new sender of a file waits for the handler that took it before the break. */
const earlierMsMax = 5_000

interface Taken {
  readonly peer: string
  /** For the handler: nobody waits for it any more. */
  readonly abort: AbortController
}

/** What is opened, and by whom. */
interface Opened<M> {
  readonly entry: StreamEntry<M>
  readonly name: string
  readonly peer: Address
  readonly file: StreamFile | undefined
  readonly signal: AbortSignal
}

interface Running {
  readonly stream: SessionStream
  readonly done: Promise<void>
}

/** A refusal of the library, not of the app. */
class Refusal extends Error {
  readonly words: BreakWords

  constructor(words: BreakWords) {
    super('refused')
    this.words = words
  }
}

export class IncomingStreams<M> {
  readonly #options: IncomingStreamsOptions<M>
  /** Files that a handler with `kept` is at; a handler that never ends is there for as long as there is room. */
  readonly #files = new RecentMap<string, Running>(streamsHandledMax)
  /** Until the handler has come to its end, or the caller has given up. */
  readonly #taken = new Map<SessionStream, Taken>()

  constructor(options: IncomingStreamsOptions<M>) {
    this.#options = options
  }

  /** Who has a stream open here. */
  get peers(): Iterable<string> {
    return Array.from(this.#taken.values(), ({ peer }) => peer)
  }

  get size(): number {
    return this.#taken.size
  }

  take(peer: string, stream: SessionStream): void {
    if (this.#taken.size >= streamsHandledMax) return refuse(stream, ownWords('busy'))
    const abort = new AbortController()
    this.#taken.set(stream, { peer, abort })
    const over = (): void => {
      stream.onBroken = undefined
      this.#taken.delete(stream)
    }
    stream.onBroken = () => {
      // That the caller has no more to say, or wants to hear no more, is not the end of the other direction.
      if (!isGivenUp(stream)) return
      // A handler that goes on all the same takes nobody's place.
      over()
      abort.abort(new MeshError('STREAM_RESET', `the stream of ${peer} broke off`))
    }
    stream.onBroken()
    this.#serve(peer as Address, stream, abort.signal).then(over, over)
  }

  close(): void {
    for (const [stream, { abort }] of this.#taken) {
      refuse(stream, ownWords('closed'))
      abort.abort(closedError())
    }
  }

  async #serve(peer: Address, stream: SessionStream, signal: AbortSignal): Promise<void> {
    const reader = new StreamReader(stream)
    try {
      const head = decodeOpen(await this.#within(reader.head(), headMsMax))
      if (isWireFault(head)) throw new MeshError('WIRE_FAULT', head.detail)
      const entry = this.#options.entry(head.name)
      if (!entry) throw new Refusal(ownWords('noHandler'))
      const { name, file } = head
      const serve = (): Promise<void> => this.#serveFile(reader, stream, { entry, name, peer, file, signal })
      if (file && entry.kept) return await this.#alone(`${peer} ${name}\n${file.id}`, stream, serve)
      await serve()
    } catch (error) {
      const { log } = this.#options
      if (log.level >= 4 && !(error instanceof Refusal)) log.write(4, 'streams', `a stream of ${peer} failed: ${describeThrown(error)}`)
      refuse(stream, error instanceof Refusal ? error.words : thrownWords(error))
    }
  }

  /** After a break the handler that has the beginning of a file comes to its end before the next one is asked what it has. */
  async #alone(key: string, stream: SessionStream, serve: () => Promise<void>): Promise<void> {
    const earlier = this.#files.get(key)
    if (earlier) {
      if (!isGivenUp(earlier.stream)) throw new Refusal(ownWords('busy'))
      await this.#within(earlier.done, earlierMsMax).catch(() => {
        throw new Refusal(ownWords('busy'))
      })
      if (this.#files.has(key)) throw new Refusal(ownWords('busy'))
    }
    const done = serve()
    const running = { stream, done: done.catch(() => {}) }
    this.#files.set(key, running)
    try {
      await done
    } finally {
      if (this.#files.get(key) === running) this.#files.delete(key)
    }
  }

  async #serveFile(reader: StreamReader, stream: SessionStream, opened: Opened<M>): Promise<void> {
    const { entry, file, peer } = opened
    const here = file && (await this.#kept(entry, file, peer))
    const accept = { resumable: file !== undefined && entry.kept !== undefined, offset: here?.offset ?? 0, hash: here?.hash }
    stream.writeOwned(encodeAccept(accept)).catch(() => {})
    const offset = file ? await this.#within(reader.varint(), startMsMax) : 0
    if (offset !== 0 && offset !== accept.offset) throw new MeshError('WIRE_FAULT', `a file that goes on at ${offset}`)
    await this.#handle(opened, offset, { reader, stream })
  }

  async #kept({ kept }: StreamEntry<M>, file: StreamFile, peer: Address): Promise<{ offset: number; hash: Uint8Array } | undefined> {
    const given = await kept?.(file, peer)
    if (given === undefined) return undefined
    const source = openSource(given)
    if (source.kind !== 'sized') throw new MeshError('INVALID_OPTION', 'kept must answer with a Blob, bytes or undefined')
    if (source.size === 0 || source.size > file.size) return undefined
    const hash = await fileHash(source, source.size, this.#options.crypto)
    return hash && { offset: source.size, hash }
  }

  async #handle(
    { entry, name, peer, file, signal }: Opened<M>,
    offset: number,
    { reader, stream }: { readonly reader: StreamReader; readonly stream: SessionStream },
  ): Promise<void> {
    let failure: unknown
    try {
      const ctx = { mesh: this.#options.mesh(), caller: peer, verified: true, file, offset, signal }
      const answer = await entry.handler(ctx, input({ reader, stream }, { peer, size: file && file.size - offset }))
      const pumped = await pump(openSource(answer === undefined ? '' : answer).from(0), stream)
      if (pumped.outcome === 'source') failure = pumped.error
    } catch (error) {
      failure = error
    }
    if (failure === undefined) return stream.stop()
    const text = `the handler of the stream '${name}' failed: ${describeThrown(failure)}`
    // What a handler throws because its caller is gone is no failure of its own.
    if (!signal.aborted) this.#options.report(new MeshError('HANDLER_FAILED', text, { cause: failure }))
    refuse(stream, thrownWords(failure))
  }

  #within<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
    return this.#options.operations.follow(promise, { timeoutMs })
  }
}

/** `size`: bytes that come, if the caller said how many. Fewer or more are an error. */
function input(
  { reader, stream }: { readonly reader: StreamReader; readonly stream: SessionStream },
  { peer, size = Infinity }: { readonly peer: string; readonly size: number | undefined },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let left = size
  const counted = (bytes: Uint8Array | undefined): Uint8Array | undefined => {
    left -= bytes?.length ?? 0
    return left < 0 ? undefined : bytes
  }
  const read = async (): Promise<Uint8Array | undefined> => {
    let bytes: Uint8Array | undefined
    try {
      if (left >= 0) bytes = counted(await reader.read())
    } catch (error) {
      throw errorOf(stream.receiveBreak, peer, asMeshError(error))
    }
    if (left < 0) throw new MeshError('WIRE_FAULT', `${peer} sends more than the ${size} bytes that it said`)
    if (bytes === undefined && left > 0 && left < Infinity) throw new MeshError('WIRE_FAULT', `${peer} ended ${left} bytes early`)
    return bytes
  }
  return readableBytes({ read, take: () => (left > 0 ? counted(reader.take()) : undefined), cancelled: () => stream.stop() })
}

/** By the caller, or with the whole session: not when the caller only has no more to say, or wants to hear no more. */
function isGivenUp({ receiveBreak, sendBreak }: SessionStream): boolean {
  return receiveBreak !== undefined || sendBreak?.by === 'session' || (sendBreak !== undefined && sendBreak.code !== breakCodes.done)
}

function refuse(stream: SessionStream, { code, reason }: BreakWords): void {
  stream.reset(code, reason)
  stream.stop(code, reason)
}
