import type { GuardedEvents, Listener, ListenOptions } from '../async/guarded-events.ts'
import type { MessagePart } from '../messages/message-codec.ts'
import type { Message } from '../messages/message.ts'

export interface TopicEvents {
  /** Somebody else said something about it. */
  message: [message: Message]
}

export interface TopicPort<S> {
  readonly events: GuardedEvents<TopicEvents>
  broadcast(parts: readonly MessagePart[]): Promise<S>
  closed(): void
}

/** What is said to all about one thing: only who has the topic open hears of it, and nobody hears of it as a message. */
export class Topic<S> {
  readonly name: string
  readonly #port: TopicPort<S>

  /** Use `mesh.topic`. */
  constructor(name: string, port: TopicPort<S>) {
    this.name = name
    this.#port = port
  }

  /** As `mesh.broadcast`, with the options of the topic. */
  broadcast(...parts: MessagePart[]): Promise<S> {
    return this.#port.broadcast(parts)
  }

  /** Calls `listener` for each message of others; returns the function that unsubscribes. What it throws becomes an `error` event of the mesh. */
  on(event: 'message', listener: Listener<TopicEvents['message']>, options?: ListenOptions): () => void {
    return this.#port.events.on(event, listener, options)
  }

  off(event: 'message', listener: Listener<TopicEvents['message']>): void {
    this.#port.events.off(event, listener)
  }

  /** No message comes after this. */
  close(): void {
    this.#port.events.clear()
    this.#port.closed()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
