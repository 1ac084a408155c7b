import type { Message } from './message.ts'

/** Messages that one cursor keeps for a reader that is slow. */
export const cursorMessagesMax = 1_000
/** And what they take; the newest one is kept whatever its size. */
export const cursorBytesMax = 33_554_432

/**
 * One reader's own view of the inbox, from the moment that it was made: `for await (const message of cursor)`. It never
 * competes with events or other cursors. Above `cursorMessagesMax` the oldest is dropped and counted.
 */
export class MessageCursor implements AsyncIterableIterator<Message> {
  #kept: Message[] = []
  #bytes = 0
  #dropped = 0
  #ended = false
  #waiting: ((result: IteratorResult<Message>) => void)[] = []
  readonly #onEnd: (cursor: MessageCursor) => void
  readonly #bytesMax: number

  constructor(onEnd: (cursor: MessageCursor) => void, bytesMax: number = cursorBytesMax) {
    this.#onEnd = onEnd
    this.#bytesMax = bytesMax
  }

  /** Messages that this reader lost because it was too slow. */
  get dropped(): number {
    return this.#dropped
  }

  push(message: Message): void {
    if (this.#ended) return
    const waiting = this.#waiting.shift()
    if (waiting) return waiting({ done: false, value: message })
    this.#kept.push(message)
    this.#bytes += message.size
    while (this.#kept.length > cursorMessagesMax || (this.#bytes > this.#bytesMax && this.#kept.length > 1)) {
      this.take()
      this.#dropped += 1
    }
  }

  /** The oldest that is kept, without waiting. */
  take(): Message | undefined {
    const message = this.#kept.shift()
    if (message) this.#bytes -= message.size
    return message
  }

  /** What is kept can still be read; then the loop ends. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#onEnd(this)
    for (const waiting of this.#waiting) waiting({ done: true, value: undefined })
    this.#waiting = []
  }

  next(): Promise<IteratorResult<Message>> {
    const message = this.take()
    if (message) return Promise.resolve({ done: false, value: message })
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  return(): Promise<IteratorResult<Message>> {
    this.#kept = []
    this.#bytes = 0
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
