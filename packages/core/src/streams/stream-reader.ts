import { MeshError } from '../errors/mesh-error.ts'
import type { SessionStream } from '../session/session-stream.ts'
import { headBytesMax } from './stream-heads.ts'

/** The receiving half of a session's stream: heads first, then the bytes behind them. */
export class StreamReader {
  readonly #stream: SessionStream
  #rest: Uint8Array | undefined

  constructor(stream: SessionStream) {
    this.#stream = stream
  }

  /** The next bytes; undefined at the end. Rejects when the stream broke off. */
  async read(): Promise<Uint8Array | undefined> {
    return this.take() ?? this.#stream.read()
  }

  /** The next bytes if there are any. */
  take(): Uint8Array | undefined {
    const rest = this.#rest
    this.#rest = undefined
    return rest ?? this.#stream.take()
  }

  /** A head: its length as a varint, then so many bytes. Rejects with WIRE_FAULT when it is none. */
  async head(): Promise<Uint8Array> {
    const length = await this.varint()
    if (length > headBytesMax) throw new MeshError('WIRE_FAULT', `a head of ${length} bytes`)
    const head = new Uint8Array(length)
    for (let at = 0; at < length;) {
      const bytes = await this.#more()
      const part = bytes.subarray(0, length - at)
      head.set(part, at)
      at += part.length
      if (part.length < bytes.length) this.#rest = bytes.subarray(part.length)
    }
    return head
  }

  async varint(): Promise<number> {
    let value = 0
    for (let scale = 1; scale <= 2 ** 49; scale *= 0x80) {
      const bytes = await this.#more()
      const byte = bytes[0] ?? 0
      if (bytes.length > 1) this.#rest = bytes.subarray(1)
      value += (byte & 0x7f) * scale
      if (byte < 0x80 && Number.isSafeInteger(value)) return value
    }
    throw new MeshError('WIRE_FAULT', 'a number that is too large')
  }

  async #more(): Promise<Uint8Array> {
    const bytes = await this.read()
    if (bytes === undefined) throw new MeshError('WIRE_FAULT', 'the stream ended within its head')
    return bytes
  }
}
