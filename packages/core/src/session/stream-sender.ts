// What has to leave of all streams of a session, and in which order: first the frames of a few numbers, then data, by class.

import { SendCredit } from './credit.ts'
import type { RecordDraft, SentFrame, ValueFrame } from './record-draft.ts'
import { SendQueue } from './send-queue.ts'
import type { SendStream, SessionPriority } from './send-stream.ts'

/** Of the session's credit: what a class leaves to those above it, so that a file never holds up a word. */
const reservedCredit: Record<SessionPriority, number> = { urgent: 0, normal: 32_768, bulk: 65_536 }

export class StreamSender {
  readonly #queue = new SendQueue()
  readonly #credit = new SendCredit()
  readonly #due = new Map<string, ValueFrame>()
  readonly #wake: () => void

  constructor(wake: () => void) {
    this.#wake = wake
  }

  /** It has something to say. */
  offer(stream: SendStream): void {
    this.#queue.offer(stream)
    this.#wake()
  }

  remove(stream: SendStream): void {
    this.#queue.remove(stream)
  }

  due(frame: ValueFrame): void {
    this.#due.set(frame.key, frame)
    this.#wake()
  }

  grant(most: number): void {
    this.#credit.grant(most)
  }

  fillValues(draft: RecordDraft): void {
    for (const [key, due] of this.#due) {
      if (!draft.hasRoom) return
      const frame = due.current()
      // It leaves in the next record, which is never far: this one is full.
      if (frame && !draft.fits(frame)) continue
      this.#due.delete(key)
      if (frame) draft.add(frame, due)
    }
  }

  fillData(draft: RecordDraft): void {
    for (const stream of this.#queue.inOrder()) {
      if (!draft.hasRoom) return
      this.#fillFrom(stream, draft)
    }
  }

  lost(frame: SentFrame): void {
    if (frame.kind === 'value') this.due(frame)
    if (frame.kind !== 'stream') return
    const { stream } = frame
    stream.lost(frame.offset, frame.length, frame.end)
    if (stream.hasRepeats) this.offer(stream)
  }

  clear(): void {
    this.#due.clear()
  }

  #fillFrom(stream: SendStream, draft: RecordDraft): void {
    let wrote = false
    for (;;) {
      const credit = stream.isMessage ? Infinity : Math.max(0, this.#credit.remaining - reservedCredit[stream.priority])
      const piece = stream.take(draft.room, credit)
      if (piece === undefined) break
      draft.addData(stream, piece)
      if (!stream.isMessage) this.#credit.use(piece.fresh)
      wrote = true
    }
    if (!stream.hasRepeats && stream.unsentBytes === 0) this.#queue.remove(stream)
    else if (wrote && !stream.isMessage) this.#queue.rotate(stream)
  }
}
