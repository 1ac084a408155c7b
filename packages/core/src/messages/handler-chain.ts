// Handlers of messages that are asked in turn, like `Array.some`: the first one that answers true has taken the message, and nobody
// after it sees it. Each message goes its own way through the chain, so that a handler which never answers holds up nobody else.

import { describeThrown } from '../async/operations.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Message } from './message.ts'
import type { Neighbour } from './neighbour.ts'

/** True: it took the message. */
export type MessageHandler = (message: Message, neighbour: Neighbour) => unknown

export const handlersMax = 64
/** Then the message goes on without the handler's answer. */
export const handlerMs = 10_000
/** Messages that wait for handlers at one time; beyond, the oldest goes on without. */
export const handledMax = 1_000

export interface HandlerChainOptions {
  readonly clock: Clock
  report(error: MeshError): void
}

export class HandlerChain {
  readonly #options: HandlerChainOptions
  #handlers: readonly MessageHandler[] = []
  /** What gives up waiting, the oldest first, and what ends its timer. */
  readonly #waits = new Map<(why: string) => void, () => void>()

  constructor(options: HandlerChainOptions) {
    this.#options = options
  }

  /** At the end of the chain. Returns what removes it. Throws INVALID_OPTION, HANDLER_ARITY, or QUEUE_FULL above `handlersMax`. */
  add(handler: MessageHandler): () => void {
    if (typeof handler !== 'function') throw new MeshError('INVALID_OPTION', 'a handler is a function: (message, neighbour) => true or not')
    if (handler.length !== 2) {
      throw new MeshError(
        'HANDLER_ARITY',
        `a handler takes exactly two parameters, (message, neighbour), and this one has ${handler.length}: parameters with a default value and ...rest do not count`,
      )
    }
    if (this.#handlers.length >= handlersMax) throw new MeshError('QUEUE_FULL', `${handlersMax} handlers are in use already`)
    // Of its own, so that a function that is added twice is there twice.
    const entry: MessageHandler = (message, neighbour) => handler(message, neighbour)
    this.#handlers = [...this.#handlers, entry]
    return () => {
      this.#handlers = this.#handlers.filter((other) => other !== entry)
    }
  }

  /** Calls `untaken` when no handler took the message: in this turn while handlers answer at once. */
  run(message: Message, neighbour: Neighbour, untaken: () => void): void {
    this.#ask(this.#handlers, 0, { message, neighbour, untaken })
  }

  /** Nobody is asked any more. */
  close(): void {
    this.#handlers = []
    for (const stopTimer of this.#waits.values()) stopTimer()
    this.#waits.clear()
  }

  #ask(handlers: readonly MessageHandler[], from: number, asked: Asked): void {
    for (let index = from; index < handlers.length; index += 1) {
      let answer: unknown
      let isLater = false
      try {
        answer = handlers[index]?.(asked.message, asked.neighbour)
        isLater = isThenable(answer)
      } catch (error) {
        this.#failed(describeThrown(error), error)
      }
      if (isLater) return this.#wait(answer as PromiseLike<unknown>, (taken) => taken || this.#ask(handlers, index + 1, asked))
      if (answer === true) return undefined
    }
    return asked.untaken()
  }

  #wait(answer: PromiseLike<unknown>, answered: (taken: boolean) => unknown): void {
    const finish = (taken: boolean): void => {
      this.#waits.get(giveUp)?.()
      if (this.#waits.delete(giveUp)) answered(taken)
    }
    const giveUp = (why: string): void => {
      this.#failed(why)
      finish(false)
    }
    this.#waits.set(
      giveUp,
      this.#options.clock.setTimer(handlerMs, () => giveUp(`it did not answer within ${handlerMs} ms`)),
    )
    const [oldest] = this.#waits.keys()
    if (this.#waits.size > handledMax) oldest?.(`${handledMax} messages wait for it`)
    Promise.resolve(answer).then(
      (taken) => finish(taken === true),
      (error: unknown) => {
        if (!this.#waits.has(giveUp)) return
        this.#failed(describeThrown(error), error)
        finish(false)
      },
    )
  }

  #failed(why: string, cause?: unknown): void {
    this.#options.report(new MeshError('HANDLER_FAILED', `a handler of messages failed: ${why}`, { cause }))
  }
}

interface Asked {
  readonly message: Message
  readonly neighbour: Neighbour
  untaken(): void
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
