import { ByteWriter } from '../wire/bytes.ts'
import type { SendStream, StreamPiece } from './send-stream.ts'
import { writeFrame, writeStreamFrame, type SessionFrame } from './session-frames.ts'
import { framesPerRecordMax } from './session-limits.ts'

/** A frame of a few numbers. When it is lost, its newest value is said again. */
export interface ValueFrame {
  readonly kind: 'value'
  /** Of two with one key only the later one has to be said. */
  readonly key: string
  /** As things are now; undefined when there is nothing left to say. */
  current(): SessionFrame | undefined
  acked?(): void
}

/** What a record carried, for the day when it turns out to have arrived, or to be lost. Datagrams, pings and closes leave no trace. */
export type SentFrame =
  | { readonly kind: 'ack'; readonly largest: number }
  | { readonly kind: 'stream'; readonly stream: SendStream; readonly offset: number; readonly length: number; readonly end: boolean }
  | ValueFrame

/** Most records are short. */
const recordBytesFirst = 512
/** Any frame but an acknowledgement, a datagram or a close fits this, beside the reason that it may have. */
const smallFrameBytesMax = 28

/** One record while it is being filled. */
export class RecordDraft {
  readonly sent: SentFrame[] = []
  readonly #bytesMax: number
  readonly #writer = new ByteWriter(recordBytesFirst)
  #frames = 0
  #eliciting = false

  /** `bytesMax`: of its frames. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  /** Bytes that are left. */
  get room(): number {
    return this.#frames >= framesPerRecordMax ? 0 : this.#bytesMax - this.#writer.length
  }

  get isEmpty(): boolean {
    return this.#frames === 0
  }

  /** The peer is to acknowledge it. */
  get isEliciting(): boolean {
    return this.#eliciting
  }

  /** There is room for one more frame of a few numbers. */
  get hasRoom(): boolean {
    return this.room >= smallFrameBytesMax
  }

  fits(frame: SessionFrame): boolean {
    return this.room >= smallFrameBytesMax + ('reason' in frame ? frame.reason.length : 0)
  }

  add(frame: SessionFrame, sent?: SentFrame): void {
    writeFrame(this.#writer, frame)
    this.#frames += 1
    if (frame.kind !== 'ack' && frame.kind !== 'close') this.#eliciting = true
    if (sent !== undefined) this.sent.push(sent)
  }

  /** Data of a stream, in one or several pieces. */
  addData(stream: SendStream, { offset, length, end, parts }: StreamPiece): void {
    writeStreamFrame(this.#writer, { kind: 'stream', id: stream.id, offset, end, message: stream.isMessage }, { parts, length })
    this.#frames += 1
    this.#eliciting = true
    this.sent.push({ kind: 'stream', stream, offset, length, end })
  }

  finish(): Uint8Array {
    return this.#writer.finish()
  }

  /** The record, until `release`. */
  view(): Uint8Array {
    return this.#writer.view()
  }

  release(): void {
    this.#writer.release()
  }
}
