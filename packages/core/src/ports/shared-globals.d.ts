// The web types that every runtime of hopmesh shares (core names nothing else). Not published: `lib` stays
// ES2023, so a timer, `console`, `RTCPeerConnection` or `process` in core is a compile error.

declare class TextEncoder {
  encode(text?: string): Uint8Array<ArrayBuffer>
  encodeInto(text: string, into: Uint8Array): { read: number; written: number }
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean })
  decode(bytes?: Uint8Array): string
}

interface AbortSignal {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

declare class AbortController {
  readonly signal: AbortSignal
  abort(reason?: unknown): void
}

interface ReadableStreamReadResult<R> {
  readonly done: boolean
  readonly value: R | undefined
}

interface ReadableStreamDefaultReader<R> {
  readonly closed: Promise<undefined>
  read(): Promise<ReadableStreamReadResult<R>>
  cancel(reason?: unknown): Promise<void>
  releaseLock(): void
}

interface ReadableStreamDefaultController<R> {
  readonly desiredSize: number | null
  enqueue(chunk: R): void
  close(): void
  error(reason?: unknown): void
}

declare class ReadableStream<R> {
  constructor(
    source: {
      start?(controller: ReadableStreamDefaultController<R>): unknown
      pull?(controller: ReadableStreamDefaultController<R>): unknown
      cancel?(reason: unknown): unknown
    },
    strategy?: { highWaterMark?: number },
  )
  readonly locked: boolean
  getReader(): ReadableStreamDefaultReader<R>
  cancel(reason?: unknown): Promise<void>
  pipeThrough<T>(pair: { readable: ReadableStream<T>; writable: WritableStream<R> }): ReadableStream<T>
  pipeTo(destination: WritableStream<R>): Promise<void>
}

declare class WritableStream<W> {
  constructor(sink: { write?(chunk: W): unknown; close?(): unknown; abort?(reason: unknown): unknown })
  readonly locked: boolean
  getWriter(): { write(chunk: W): Promise<void>; close(): Promise<void> }
}

declare class TransformStream<I, O> {
  constructor(transformer?: { transform?(chunk: I, controller: { enqueue(chunk: O): void }): unknown })
  readonly readable: ReadableStream<O>
  readonly writable: WritableStream<I>
}

declare class Blob {
  constructor(parts: readonly (Uint8Array | string)[], options?: { type?: string })
  readonly size: number
  readonly type: string
  slice(start?: number, end?: number): Blob
  arrayBuffer(): Promise<ArrayBuffer>
}
