// One stream from here to one member: its head, the bytes of its source, and the answer that comes back. A file whose session is
// lost is taken up again where it stopped, as long as nothing of the answer was read.

import { asMeshError, type Operations, type Settle } from '../async/operations.ts'
import { sameBytes } from '../bytes/same-bytes.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Crypto } from '../ports/crypto.ts'
import type { SessionStream } from '../session/session-stream.ts'
import { ByteWriter } from '../wire/bytes.ts'
import { isWireFault } from '../wire/wire-fault.ts'
import { fileHash } from './file-hash.ts'
import { pump } from './pump.ts'
import { readableBytes } from './readable-bytes.ts'
import { decodeAccept, encodeOpen, errorOf, ownWords, type AcceptHead, type OpenHead } from './stream-heads.ts'
import { StreamReader } from './stream-reader.ts'
import type { OpenSource, Pieces } from './stream-source.ts'

export interface OutgoingStreamOptions {
  readonly clock: Clock
  readonly crypto: Crypto
  readonly operations: Operations
  readonly peer: string
  readonly head: OpenHead
  readonly source: OpenSource
  /** For how long a file is tried again. */
  readonly resumeMs: number
  openStream(): SessionStream
  /** Resolves when there is a path to the peer. */
  reachable(options: { readonly signal: AbortSignal; readonly timeoutMs: number }): Promise<unknown>
  /** Bytes of the source that the peer has. */
  progress(sent: number): void
  over(): void
}

interface Attempt {
  readonly stream: SessionStream
  readonly reader: StreamReader
  readonly pieces: Pieces
}

const retryMsFirst = 250
const retryMsMost = 4_000
/** One attempt to take it up again, to the answer. */
const attemptMsMax = 10_000

export class OutgoingStream {
  readonly #options: OutgoingStreamOptions
  readonly #abort = new AbortController()
  #attempt: Attempt | undefined
  #opening: SessionStream | undefined
  /** The one that the source goes into. */
  #latest: SessionStream | undefined
  #isAnswered = false
  #isResumable = false
  /** Directions that are not over. */
  readonly #open = new Set(['source', 'answer'])
  #error: MeshError | undefined

  constructor(options: OutgoingStreamOptions) {
    this.#options = options
  }

  get peer(): string {
    return this.#options.peer
  }

  /** Resolves with the answer when a handler there has taken it. */
  async open(timeoutMs: number): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    try {
      this.#attempt = await this.#try(timeoutMs, false)
    } catch (error) {
      this.#options.over()
      throw this.#error ?? error
    }
    return readableBytes({
      read: () => this.#read(),
      take: () => this.#attempt?.reader.take(),
      cancelled: () => {
        this.#attempt?.stream.stop()
        this.#over('answer')
      },
    })
  }

  /** Gives it up, wherever it is. */
  fail(error: MeshError, said: 'aborted' | 'closed' | 'timeout' = 'aborted'): void {
    if (this.#error) return
    this.#error = error
    const words = ownWords(said)
    for (const stream of [this.#opening, this.#attempt?.stream]) {
      stream?.reset(words.code, words.reason)
      stream?.stop(words.code, words.reason)
    }
    this.#attempt?.pieces.cancel(error)
    this.#abort.abort(error)
    // Whether or not anybody reads that.
    this.#open.clear()
    this.#options.over()
  }

  async #read(): Promise<Uint8Array | undefined> {
    for (;;) {
      const attempt = this.#attempt
      try {
        if (this.#error) throw this.#error
        const bytes = await attempt?.reader.read()
        if (this.#error) throw this.#error
        if (bytes === undefined) this.#over('answer')
        else this.#isAnswered = true
        return bytes
      } catch (error) {
        const final = await this.#afterBreak(attempt, error)
        if (!final) continue
        this.#over('answer')
        throw final
      }
    }
  }

  /** Undefined: it goes on. */
  async #afterBreak(attempt: Attempt | undefined, error: unknown): Promise<MeshError | undefined> {
    if (this.#error) return this.#error
    const { peer, head, resumeMs } = this.#options
    const broken = attempt?.stream.receiveBreak
    const own = errorOf(broken, peer, asMeshError(error))
    const isLost = broken?.by === 'session' && head.file !== undefined && !this.#isAnswered && resumeMs > 0 && this.#isResumable
    return isLost ? this.#resume(own) : own
  }

  async #resume(lost: MeshError): Promise<MeshError | undefined> {
    const { clock, resumeMs } = this.#options
    const until = clock.now() + resumeMs
    let last = lost
    for (let waitMs = retryMsFirst; clock.now() < until; waitMs = Math.min(retryMsMost, waitMs * 2)) {
      try {
        await this.#options.reachable({ signal: this.#abort.signal, timeoutMs: Math.max(1, until - clock.now()) })
        this.#open.add('source')
        this.#attempt = await this.#try(Math.max(1, Math.min(attemptMsMax, until - clock.now())), true)
        return undefined
      } catch (error) {
        last = asMeshError(error)
        if (this.#error || last.code === 'REMOTE_ERROR' || !this.#isResumable) return this.#error ?? last
      }
      await this.#pause(Math.min(waitMs, Math.max(1, until - clock.now())))
    }
    return (
      this.#error ?? new MeshError('STREAM_RESET', `${lost.message}; it could not be taken up again within ${resumeMs} ms`, { cause: last })
    )
  }

  async #try(timeoutMs: number, again: boolean): Promise<Attempt> {
    const { operations, peer, head } = this.#options
    const stream = this.#options.openStream()
    this.#opening = stream
    try {
      const opened = encodeOpen(head)
      const reader = new StreamReader(stream)
      stream.writeOwned(opened).catch(() => {})
      const timedOut = (): MeshError => new MeshError('TIMEOUT', `${peer} did not take the stream '${head.name}' within ${timeoutMs} ms`)
      const accept = decodeAccept(await operations.follow(reader.head(), { signal: this.#abort.signal, timeoutMs, timedOut }))
      if (isWireFault(accept)) throw new MeshError('WIRE_FAULT', accept.detail)
      this.#isResumable = accept.resumable
      if (again && !accept.resumable) throw new MeshError('STREAM_RESET', `${peer} does not keep what came before the break`)
      const start = head.file ? await this.#start(accept, head.file.size) : 0
      const begin = head.file ? new ByteWriter().varint(start).finish() : undefined
      if (begin) stream.writeOwned(begin).catch(() => {})
      const pieces = this.#options.source.from(start)
      this.#carry(stream, pieces, { start, ahead: opened.length + (begin?.length ?? 0) })
      return { stream, reader, pieces }
    } catch (error) {
      const words = ownWords(error instanceof MeshError && error.code === 'TIMEOUT' ? 'timeout' : 'aborted')
      const failed = errorOf(stream.receiveBreak, peer, asMeshError(error))
      stream.reset(words.code, words.reason)
      stream.stop(words.code, words.reason)
      throw failed
    } finally {
      this.#opening = undefined
    }
  }

  /** Where it begins: behind what is there, if that is the beginning of what is here. */
  async #start({ offset, hash }: AcceptHead, size: number): Promise<number> {
    const { source, crypto } = this.#options
    if (offset === 0 || offset > size || source.kind !== 'sized') return 0
    const own = await fileHash(source, offset, crypto)
    if (this.#error) throw this.#error
    return own && sameBytes(own, hash) ? offset : 0
  }

  /** In the background: what goes wrong shows where the answer is read. */
  #carry(stream: SessionStream, pieces: Pieces, { start, ahead }: { readonly start: number; readonly ahead: number }): void {
    this.#latest = stream
    stream.onAcknowledged = () => this.#options.progress(start + Math.max(0, stream.ackedBytes - ahead))
    pieces.onFailed = (error) => this.fail(error)
    const done = async (): Promise<void> => {
      const pumped = await pump(pieces, stream)
      if (pumped.outcome === 'source') this.fail(pumped.error)
      if (this.#latest === stream) this.#over('source')
    }
    void done()
  }

  #over(direction: 'source' | 'answer'): void {
    this.#open.delete(direction)
    if (this.#open.size === 0) this.#options.over()
  }

  #pause(ms: number): Promise<void> {
    const { operations } = this.#options
    const begin = (settle: Settle<void>): (() => void) => this.#options.clock.setTimer(ms, () => settle.resolve())
    return operations.run<void>({ signal: this.#abort.signal, timeoutMs: Infinity, begin }).catch(() => {})
  }
}
