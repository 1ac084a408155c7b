// What an app may give to be streamed, as one kind of thing: pieces that are read one after the other. What has a size and can be
// read from any place can also be begun again in its middle; anything else is read once.

import { describeThrown } from '../async/operations.ts'
import { MeshError } from '../errors/mesh-error.ts'

/** A Blob or File, or anything else with a size that can be read from any place. */
export interface SeekableSource {
  /** Bytes. */
  readonly size: number
  readonly name?: string
  /** A media type. */
  readonly type?: string
  /** Milliseconds since 1970. */
  readonly lastModified?: number
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> }
}

/** Bytes, or text that becomes UTF-8. */
export type StreamChunk = Uint8Array | ArrayBuffer | string

/** What can be streamed. Bytes that are given must not change until they are sent. */
export type StreamSource = StreamChunk | SeekableSource | ReadableStream<StreamChunk> | AsyncIterable<StreamChunk> | Iterable<StreamChunk>

/** Read one after the other; one `next` at a time. */
export interface Pieces {
  /** The next bytes; undefined at the end. Rejects when the source fails. */
  next(): Promise<Uint8Array | undefined>
  /** No more is wanted. */
  cancel(reason: unknown): void
  /** Called when it fails while nobody asks for its next piece. */
  onFailed?: (error: MeshError) => void
}

/** What was given, opened. */
export type OpenSource = SizedSource | OnceSource

export interface OnceSource {
  readonly kind: 'once'
  /** To be called once. */
  from(): Pieces
}

export interface SizedSource {
  readonly kind: 'sized'
  readonly size: number
  readonly name: string
  readonly type: string
  readonly lastModified: number | undefined
  from(offset: number): Pieces
}

/** Large enough to cost little, small enough that what waits stays near its bound. */
export const pieceBytesMax = 65_536
/** Of a Blob at a time: each slice is a trip to another process. */
const sliceBytesMax = 262_144
const encoder = new TextEncoder()

/** Throws INVALID_OPTION for what cannot be streamed. */
export function openSource(source: unknown): OpenSource {
  const bytes = bytesOf(source)
  if (bytes)
    return { kind: 'sized', size: bytes.length, name: '', type: '', lastModified: undefined, from: (offset) => views(bytes, offset) }
  if (isSeekable(source)) return sized(source)
  if (isReadable(source)) return once(() => piecesOfReader(source.getReader()))
  const { [Symbol.asyncIterator]: begin, [Symbol.iterator]: beginSync } = (source ?? {}) as Partial<
    AsyncIterable<unknown> & Iterable<unknown>
  >
  if (typeof begin === 'function') return once(() => piecesOfIterator(begin.call(source)))
  if (typeof beginSync === 'function') return once(() => piecesOfIterator(beginSync.call(source)))
  throw new MeshError('INVALID_OPTION', 'a source is a Blob, bytes, text, a ReadableStream or an iterable of bytes and text')
}

/** `begin` is the app's: a stream that somebody else reads already throws here. */
function once(begin: () => Pieces): OnceSource {
  const from = (): Pieces => {
    try {
      return begin()
    } catch (error) {
      throw new MeshError('INVALID_OPTION', `the source cannot be read: ${describeThrown(error)}`, { cause: error })
    }
  }
  return { kind: 'once', from }
}

function isSeekable(source: unknown): source is SeekableSource {
  const { size, slice } = (source ?? {}) as Partial<SeekableSource>
  return typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 && typeof slice === 'function'
}

function isReadable(source: unknown): source is ReadableStream<unknown> {
  return typeof (source as Partial<ReadableStream<unknown>> | null | undefined)?.getReader === 'function'
}

function bytesOf(chunk: unknown): Uint8Array | undefined {
  if (typeof chunk === 'string') return encoder.encode(chunk)
  if (chunk instanceof Uint8Array) return chunk
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk)
  return ArrayBuffer.isView(chunk) ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength) : undefined
}

function sized(source: SeekableSource): SizedSource {
  const { size, name, type, lastModified } = source
  return {
    kind: 'sized',
    size,
    name: typeof name === 'string' ? name : '',
    type: typeof type === 'string' ? type : '',
    lastModified: typeof lastModified === 'number' ? lastModified : undefined,
    from: (offset) => slices(source, offset),
  }
}

function slices(source: SeekableSource, offset: number): Pieces {
  let at = offset
  return {
    async next() {
      if (at >= source.size) return undefined
      const end = Math.min(source.size, at + sliceBytesMax)
      const bytes = new Uint8Array(await source.slice(at, end).arrayBuffer())
      if (bytes.length !== end - at)
        throw new MeshError('HANDLER_FAILED', `the source gave ${bytes.length} bytes at ${at}, not ${end - at}: did it change?`)
      at = end
      return bytes
    },
    cancel() {
      at = source.size
    },
  }
}

function views(bytes: Uint8Array, offset: number): Pieces {
  let at = offset
  return {
    async next() {
      if (at >= bytes.length) return undefined
      const piece = bytes.subarray(at, at + pieceBytesMax)
      at += piece.length
      return piece
    },
    cancel() {
      at = bytes.length
    },
  }
}

function piecesOfReader(reader: ReadableStreamDefaultReader<unknown>): Pieces {
  return inPieces(
    async () => {
      const { done, value } = await reader.read()
      return done ? undefined : { value }
    },
    (reason) => reader.cancel(reason),
    (bytes) => bytes,
  )
}

function piecesOfIterator(iterator: AsyncIterator<unknown> | Iterator<unknown>): Pieces {
  return inPieces(
    async () => {
      const { done, value } = await iterator.next()
      return done === true ? undefined : { value }
    },
    async () => void (await iterator.return?.()),
    // A generator likes to fill the same buffer again before what it held has left.
    (bytes) => bytes.slice(),
  )
}

/** Chunks of any size and kind, as bytes of at most `pieceBytesMax` that nobody else will change once they went through `own`. */
function inPieces(
  read: () => Promise<{ readonly value: unknown } | undefined>,
  stop: (reason: unknown) => Promise<void>,
  own: (bytes: Uint8Array) => Uint8Array,
): Pieces {
  let rest: Uint8Array | undefined
  return {
    async next() {
      while (rest === undefined || rest.length === 0) {
        const chunk = await read()
        if (chunk === undefined) return undefined
        rest = bytesOf(chunk.value)
        if (rest === undefined) {
          const error = new MeshError('INVALID_OPTION', 'a source may hold bytes and text only')
          stop(error).catch(() => {})
          throw error
        }
      }
      const piece = rest.subarray(0, pieceBytesMax)
      rest = rest.subarray(piece.length)
      return own(piece)
    },
    cancel(reason) {
      rest = undefined
      // A source whose own end fails has nobody left to tell.
      stop(reason).catch(() => {})
    },
  }
}
