// What carries the streams of a mesh, here and there: a page loads it with the first of them.

import { asMeshError, closedError, type OperationOptions, type Operations } from '../async/operations.ts'
import { hexOf } from '../bytes/hex-of.ts'
import { utf8Length } from '../bytes/utf8-length.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Address } from '../identity/address.ts'
import type { Clock } from '../ports/clock.ts'
import type { Crypto } from '../ports/crypto.ts'
import type { Dice } from '../ports/dice.ts'
import type { Log } from '../ports/log.ts'
import type { SessionStream } from '../session/session-stream.ts'
import { IncomingStreams, type StreamEntry } from './incoming-streams.ts'
import { OutgoingStream } from './outgoing-stream.ts'
import { SharedPieces } from './shared-pieces.ts'
import { shownFileName, type StreamFile } from './stream-heads.ts'
import { checkStreamName } from './stream-name.ts'
import type { StreamOptions } from './stream-options.ts'
import { openSource, type OpenSource } from './stream-source.ts'

/** The door to the sessions of a node. */
export interface StreamCarrier {
  openStream(peer: string): SessionStream
  takeStreams(take: (peer: string, stream: SessionStream) => void): void
  /** Asks for a sign of life. */
  ping(peer: string): void
}

export interface StreamTrafficOptions<M> {
  readonly clock: Clock
  readonly dice: Dice
  readonly log: Log
  readonly operations: Operations
  readonly carrier: StreamCarrier
  readonly crypto: Crypto
  mesh(): M
  entry(name: string): StreamEntry<M> | undefined
  report(error: MeshError): void
  /** Resolves when there is a path to the address. */
  reachable(address: string, options: OperationOptions): Promise<unknown>
}

/** A source, opened for one of its receivers. */
export interface Sending {
  readonly name: string
  readonly options: StreamOptions
  readonly source: OpenSource
  readonly file: StreamFile | undefined
  /** There is nobody to receive it. */
  abandon(reason: unknown): void
}

const idBytesMax = 200
const typeCharactersMax = 60
const progressEveryMs = 100
/** While streams are open their peers are asked for a sign of life: who waits for somebody that is gone shall learn of it. */
const probeEveryMs = 15_000
const resumeMsDefault = 60_000

export class StreamTraffic<M> {
  readonly #options: StreamTrafficOptions<M>
  readonly #outgoing = new Set<OutgoingStream>()
  readonly #incoming: IncomingStreams<M>
  #stopProbe: (() => void) | undefined
  #isClosed = false

  constructor(options: StreamTrafficOptions<M>) {
    this.#options = options
    this.#incoming = new IncomingStreams<M>(options)
  }

  /** One that was opened there. */
  take(peer: string, stream: SessionStream): void {
    this.#incoming.take(peer, stream)
    this.#probeLater()
  }

  /** Opens a source for so many members. Throws INVALID_OPTION. */
  sendings(name: string, source: unknown, options: StreamOptions, receivers: number): Sending[] {
    checkStreamName(name)
    const { onProgress, resumeMs, id } = options
    if (onProgress !== undefined && typeof onProgress !== 'function') throw new MeshError('INVALID_OPTION', 'onProgress must be a function')
    if (resumeMs !== undefined && !(typeof resumeMs === 'number' && resumeMs >= 0)) {
      throw new MeshError('INVALID_OPTION', 'resumeMs must be a number of milliseconds, 0 or more')
    }
    if (id !== undefined && (typeof id !== 'string' || id === '' || utf8Length(id) > idBytesMax)) {
      throw new MeshError('INVALID_OPTION', `id must be a text of 1 to ${idBytesMax} bytes`)
    }
    const opened = openSource(source)
    if (opened.kind === 'sized') {
      const file = this.#fileOf(opened, id)
      return Array.from({ length: receivers }, () => ({ name, options, source: opened, file, abandon: () => {} }))
    }
    const pieces = opened.from()
    if (receivers === 0) pieces.cancel(new MeshError('UNKNOWN_NAME', 'there is nobody to receive it'))
    const shared = new SharedPieces(pieces, this.#options.clock)
    const each = receivers === 1 ? [pieces] : Array.from({ length: receivers }, () => shared.receiver())
    return each.map((own) => ({
      name,
      options,
      source: { kind: 'once', from: () => own },
      file: undefined,
      abandon: (reason) => own.cancel(reason),
    }))
  }

  async open(target: string, address: string, sending: Sending, timeoutMs: number): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    if (this.#isClosed) throw closedError()
    const { name, file, options } = sending
    const { carrier, crypto, clock, operations } = this.#options
    const { signal, resumeMs = resumeMsDefault } = options
    const onAbort = (): void => outgoing.fail(new MeshError('ABORTED', 'the stream was aborted by its signal', { cause: signal?.reason }))
    const outgoing = new OutgoingStream({
      clock,
      operations,
      crypto,
      peer: address,
      head: { name, file },
      source: sending.source,
      resumeMs,
      openStream: () => carrier.openStream(address),
      reachable: (waiting) => this.#options.reachable(address, waiting),
      progress: this.#progress(target, address as Address, sending),
      over: () => {
        this.#outgoing.delete(outgoing)
        signal?.removeEventListener('abort', onAbort)
      },
    })
    this.#outgoing.add(outgoing)
    this.#probeLater()
    if (signal?.aborted) onAbort()
    else signal?.addEventListener('abort', onAbort)
    return outgoing.open(timeoutMs)
  }

  /** Streams that are under way, opened here or there. */
  get size(): number {
    return this.#outgoing.size + this.#incoming.size
  }

  close(): void {
    this.#isClosed = true
    this.#stopProbe?.()
    this.#incoming.close()
    for (const outgoing of [...this.#outgoing]) outgoing.fail(closedError(), 'closed')
  }

  #fileOf(
    { name, type, size, lastModified }: { name: string; type: string; size: number; lastModified: number | undefined },
    id: string | undefined,
  ): StreamFile {
    const shown = shownFileName(name)
    return {
      id: id ?? (name === '' ? hexOf(this.#options.dice.bytes(12)) : `${size} ${lastModified ?? 0} ${shown.slice(0, 40)}`),
      name: shown,
      type: type.slice(0, typeCharactersMax),
      size,
    }
  }

  #progress(target: string, address: Address, { options: { onProgress }, file }: Sending): (sent: number) => void {
    if (!onProgress) return () => {}
    const { clock } = this.#options
    const total = file?.size
    let toldAt = -Infinity
    // Of a file without bytes there is nothing to say but that it is there.
    let told = total === 0 ? -1 : 0
    let latest = 0
    let isWaiting = false
    const tell = (): void => {
      isWaiting = false
      if (latest === told) return
      told = latest
      toldAt = clock.now()
      try {
        onProgress({ target, address, sent: told, total })
      } catch (error) {
        this.#options.report(asMeshError(error))
      }
    }
    return (sent) => {
      latest = sent
      const waitMs = sent === total ? 0 : progressEveryMs - (clock.now() - toldAt)
      if (waitMs <= 0) tell()
      else if (!isWaiting) {
        isWaiting = true
        clock.setTimer(waitMs, tell)
      }
    }
  }

  #probeLater(): void {
    if (this.#isClosed) return
    this.#stopProbe ??= this.#options.clock.setTimer(probeEveryMs, () => {
      this.#stopProbe = undefined
      const peers = new Set([...this.#incoming.peers, ...Array.from(this.#outgoing, ({ peer }) => peer)])
      for (const peer of peers) this.#options.carrier.ping(peer)
      if (peers.size > 0) this.#probeLater()
    })
  }
}
