// Where messages that arrived are handed out: to the handlers in turn, and what none of them took to everybody else at once: the
// event, the loops, and `receive`. None of them takes anything from another.

import { checkSignal } from '../async/operations.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Clock } from '../ports/clock.ts'
import { HandlerChain, type MessageHandler } from './handler-chain.ts'
import { MessageCursor } from './message-cursor.ts'
import type { Message } from './message.ts'
import type { Neighbour } from './neighbour.ts'

/** Open `for await` loops over the inbox of one mesh. */
const cursorsMax = 64
/** What `receive` keeps is kept whether anybody ever calls it or not. */
const receiveBytesMax = 4_194_304

export interface InboxOptions {
  readonly clock: Clock
  /** The event. */
  emit(message: Message): void
  report(error: MeshError): void
}

export class Inbox {
  readonly #options: InboxOptions
  readonly #chain: HandlerChain
  readonly #cursors = new Set<MessageCursor>()
  readonly #received = new MessageCursor(() => {}, receiveBytesMax)
  #closed = false

  constructor(options: InboxOptions) {
    this.#options = options
    this.#chain = new HandlerChain(options)
  }

  use(handler: MessageHandler): () => void {
    return this.#chain.add(handler)
  }

  put(message: Message, neighbour: Neighbour): void {
    this.#chain.run(message, neighbour, () => {
      if (this.#closed) return
      this.#received.push(message)
      for (const cursor of [...this.#cursors]) cursor.push(message)
      this.#options.emit(message)
    })
  }

  receive(): Message | undefined {
    return this.#received.take()
  }

  receiveMany(count: number): Message[] {
    if (!Number.isInteger(count) || count < 0) throw new MeshError('INVALID_OPTION', `receive takes a whole number, not ${String(count)}`)
    const messages: Message[] = []
    for (let message = count > 0 ? this.receive() : undefined; message; message = messages.length < count ? this.receive() : undefined)
      messages.push(message)
    return messages
  }

  cursor(signal: AbortSignal | undefined): MessageCursor {
    checkSignal(signal)
    if (this.#cursors.size >= cursorsMax) throw new MeshError('QUEUE_FULL', `${cursorsMax} loops over mesh.messages() are open already`)
    const end = (): void => cursor.end()
    const cursor = new MessageCursor(() => {
      this.#cursors.delete(cursor)
      signal?.removeEventListener('abort', end)
    })
    this.#cursors.add(cursor)
    if (this.#closed || signal?.aborted) cursor.end()
    else signal?.addEventListener('abort', end)
    return cursor
  }

  close(): void {
    this.#closed = true
    this.#chain.close()
    for (const cursor of [...this.#cursors]) cursor.end()
  }
}
