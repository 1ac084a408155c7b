// Streams that others open here: which handler is meant, what of a file it has already, and how its answer or its error goes back.

import { asMeshError, describeThrown, type Operations } from '../async/operations.ts'
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
}

/** Handled at one time, of all peers together; then BUSY. */
export const streamsHandledMax = 1_024
/** Until the head of an opened stream is here. */
const headMsMax = 10_000
/** Until the sender of a file has looked whether what is here is the beginning of it. */
const startMsMax = 600_000
/** How long a new sender of a file waits for the handler that took it before the break. */
const earlierMsMax = 5_000

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
  /** Files that a handler with `kept` is at. */
  readonly #files = new Map<string, Running>()
  readonly #peers = new Map<SessionStream, string>()

  constructor(options: IncomingStreamsOptions<M>) {
    this.#options = options
  }

  /** Who has a stream open here. */
  get peers(): Iterable<string> {
    return this.#peers.values()
  }

  get size(): number {
    return this.#peers.size
  }

  take(peer: string, stream: SessionStream): void {
    if (this.#peers.size >= streamsHandledMax) return refuse(stream, ownWords('busy'))
    this.#peers.set(stream, peer)
    const over = (): void => void this.#peers.delete(stream)
    this.#serve(peer as Address, stream).then(over, over)
  }

  close(): void {
    for (const stream of this.#peers.keys()) refuse(stream, ownWords('closed'))
  }

  async #serve(peer: Address, stream: SessionStream): Promise<void> {
    const reader = new StreamReader(stream)
    try {
      const head = decodeOpen(await this.#within(reader.head(), headMsMax))
      if (isWireFault(head)) throw new MeshError('WIRE_FAULT', head.detail)
      const entry = this.#options.entry(head.name)
      if (!entry) throw new Refusal(ownWords('noHandler'))
      const { file } = head
      if (file && entry.kept)
        return await this.#alone(`${peer} ${head.name}\n${file.id}`, stream, () => this.#serveFile(peer, reader, stream, { entry, file }))
      await this.#serveFile(peer, reader, stream, { entry, file })
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

  async #serveFile(
    peer: Address,
    reader: StreamReader,
    stream: SessionStream,
    { entry, file }: { readonly entry: StreamEntry<M>; readonly file: StreamFile | undefined },
  ): Promise<void> {
    const here = file && (await this.#kept(entry, file, peer))
    const accept = { resumable: file !== undefined && entry.kept !== undefined, offset: here?.offset ?? 0, hash: here?.hash }
    stream.writeOwned(encodeAccept(accept)).catch(() => {})
    const offset = file ? await this.#within(reader.varint(), startMsMax) : 0
    if (offset !== 0 && offset !== accept.offset) throw new MeshError('WIRE_FAULT', `a file that goes on at ${offset}`)
    await this.#handle(entry, { file, offset, peer }, { reader, stream })
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
    { handler }: StreamEntry<M>,
    { file, offset, peer }: { readonly file: StreamFile | undefined; readonly offset: number; readonly peer: Address },
    { reader, stream }: { readonly reader: StreamReader; readonly stream: SessionStream },
  ): Promise<void> {
    const abort = new AbortController()
    stream.onBroken = () => {
      // That the caller has no more to say, or wants to hear no more, is not the end of the other direction.
      if (isGivenUp(stream)) abort.abort(new MeshError('STREAM_RESET', `the stream of ${peer} broke off`))
    }
    stream.onBroken()
    let failure: unknown
    try {
      const ctx = { mesh: this.#options.mesh(), caller: peer, verified: true, file, offset, signal: abort.signal }
      const answer = await handler(ctx, input({ reader, stream }, { peer, size: file && file.size - offset }))
      const pumped = await pump(openSource(answer === undefined ? '' : answer).from(0), stream)
      if (pumped.outcome === 'source') failure = pumped.error
    } catch (error) {
      failure = error
    }
    stream.onBroken = undefined
    if (failure === undefined) return stream.stop()
    const { log } = this.#options
    if (log.level >= 3) log.write(3, 'streams', `a handler of streams failed: ${describeThrown(failure)}`, failure)
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
