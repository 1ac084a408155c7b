import type { SendStream, SessionPriority } from './send-stream.ts'

const classes: readonly SessionPriority[] = ['urgent', 'normal', 'bulk']
/** Of so many turns one begins with the lowest class, so that nobody starves. */
const turnsOfAll = 8

/**
 * Whose turn it is. A higher class goes first; within a class a message is sent to its end before the next one, and
 * streams take turns.
 */
export class SendQueue {
  readonly #waiting: Record<SessionPriority, Set<SendStream>> = { urgent: new Set(), normal: new Set(), bulk: new Set() }
  #turn = 0

  offer(stream: SendStream): void {
    this.#waiting[stream.priority].add(stream)
  }

  remove(stream: SendStream): void {
    this.#waiting[stream.priority].delete(stream)
  }

  /** Behind the others of its class. */
  rotate(stream: SendStream): void {
    const waiting = this.#waiting[stream.priority]
    if (waiting.delete(stream)) waiting.add(stream)
  }

  /** For one record: those that wait, in the order of this turn. */
  inOrder(): SendStream[] {
    this.#turn = (this.#turn + 1) % turnsOfAll
    const order = this.#turn === 0 ? classes.toReversed() : classes
    return order.flatMap((priority) => [...this.#waiting[priority]])
  }

  get isEmpty(): boolean {
    return classes.every((priority) => this.#waiting[priority].size === 0)
  }
}
