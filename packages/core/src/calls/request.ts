import type { Cancellation } from '../async/cancellation.ts'
import type { Arrival } from '../routing/routing-types.ts'
import type { BodyInput } from './body.ts'
import { ReceivedBody, type BodyPacket } from './received-body.ts'

export interface RequestLimits {
  readonly cancellation: Cancellation
  readonly deadline: number | undefined
}

/** What a handler is given. */
export class Request extends ReceivedBody {
  /** Until when the caller waits for the first answer: milliseconds since 1970 by one's own clock; undefined: it waits on. */
  readonly deadline: number | undefined
  readonly #cancellation: Cancellation

  constructor(packet: BodyPacket, arrival: Arrival, { cancellation, deadline }: RequestLimits) {
    super(packet, arrival)
    this.deadline = deadline
    this.#cancellation = cancellation
  }

  /** Aborted when nobody waits for the answer any more: the caller gave up or is gone, or the time is up. */
  get signal(): AbortSignal {
    return this.#cancellation.signal
  }
}

/** Answers with text, bytes or nothing, now or later; an async generator answers many times. What it throws reaches the caller as REMOTE_ERROR. */
export type RequestHandler = (request: Request) => BodyInput | Promise<BodyInput> | AsyncIterable<BodyInput>

export function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value && typeof value[Symbol.asyncIterator] === 'function'
}
