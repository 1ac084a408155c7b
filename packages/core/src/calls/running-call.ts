// One call that is being answered: what the handler gives goes to the caller in numbered answers, no further ahead of its reader than
// was agreed, and an answer of which nobody knows whether it arrived is said again.

import { Cancellation } from '../async/cancellation.ts'
import { asMeshError } from '../async/operations.ts'
import { MeshError, type MeshErrorCode } from '../errors/mesh-error.ts'
import type { Clock } from '../ports/clock.ts'
import { absentMs } from './absences.ts'
import { answerBytesAheadMax, answersAheadMax, type AnswerKind, type CallAnswer, type CallRequest } from './call-codec.ts'
import { encodeNetError, encodeThrown } from './remote-error.ts'
import { isAsyncIterable } from './request.ts'
import { bodyBytesMax } from './requests.ts'

/** How often an answer is said again when it may not have arrived. */
const repeatsMax = 3
/** How long it waits for room, or for a path, before it tries again: first, and between two tries for a path at most. */
const againMsFirst = 250
const pathAgainMsMost = 1_000

export interface RunningCallOptions {
  readonly clock: Clock
  readonly request: CallRequest
  /** Resolves when the caller's library has it; rejects as `Router.deliver`. */
  deliver(answer: CallAnswer): Promise<void>
  /** What is sent for a value of the handler; a MeshError: that cannot be sent. */
  encode(value: unknown): Uint8Array | MeshError
  /** A generator is an answer for each of its values; otherwise a value like any other. */
  readonly many: boolean
  /** The whole of one that has a single answer. */
  succeeded(body: Uint8Array): void
  failed(error: unknown): void
  /** Nothing more will be said, though perhaps some of it again. */
  over(call: RunningCall): void
  /** It is over, and everything that was said has arrived or never will. */
  done(): void
}

export class RunningCall {
  readonly cancellation: Cancellation = new Cancellation()
  readonly #options: RunningCallOptions
  readonly #stopDeadline: (() => void) | undefined
  /** Bytes of the answers that were sent and not read, the oldest first. */
  readonly #ahead: number[] = []
  #aheadBytes = 0
  #taken = 0
  #sent = 0
  #onTheWay = 0
  #over = false
  #room: (() => void) | undefined
  #iterator: AsyncIterator<unknown> | undefined

  constructor(options: RunningCallOptions) {
    const { clock, request } = options
    this.#options = options
    const late = (): void => this.cancel(new MeshError('TIMEOUT', `the caller waited ${request.timeoutMs} ms for the first answer`))
    if (request.timeoutMs !== undefined) this.#stopDeadline = clock.setTimer(request.timeoutMs, late)
  }

  get isOver(): boolean {
    return this.#over
  }

  /** Never rejects. */
  async run(handler: () => unknown): Promise<void> {
    try {
      const value = await handler()
      if (this.#over) return this.#options.many ? abandon(value) : undefined
      if (this.#options.many && isAsyncIterable(value)) return await this.#answerEach(value)
      this.#answerOnce(value)
    } catch (error) {
      if (this.#over) return
      this.#options.failed(error)
      this.#finish('thrown', encodeThrown(error))
    }
  }

  /** An answer that was given before. */
  repeat(body: Uint8Array): void {
    this.#finish('last', body)
  }

  /** Not an error of the handler's. */
  refuse(code: MeshErrorCode, text: string): void {
    this.#finish('failed', encodeNetError(code, text))
  }

  /** The caller has read so many. */
  taken(count: number): void {
    for (; this.#taken < count && this.#ahead.length > 0; this.#taken += 1) this.#aheadBytes -= this.#ahead.shift() ?? 0
    this.#room?.()
  }

  /** Nobody waits for more. */
  cancel(reason: MeshError): void {
    if (!this.#end()) return
    this.cancellation.cancel(reason)
    this.#room?.()
    // A generator that is at work hears of it when it gives its next value.
    void finished(this.#iterator)
  }

  async #answerEach(values: AsyncIterable<unknown>): Promise<void> {
    const iterator = values[Symbol.asyncIterator]()
    this.#iterator = iterator
    for (;;) {
      const next = await iterator.next()
      if (this.#over) return
      if (next.done === true) return this.#finish('end', new Uint8Array())
      const body = this.#options.encode(next.value)
      if (body instanceof MeshError) {
        this.refuse(body.code, body.message)
        return void finished(iterator)
      }
      await this.#waitForRoom(body.length)
      if (this.#over) return
      this.#ahead.push(body.length)
      this.#aheadBytes += body.length
      this.#send('item', body)
    }
  }

  #answerOnce(value: unknown): void {
    const body = this.#options.encode(value)
    if (body instanceof MeshError) return this.refuse(body.code, body.message)
    this.#options.succeeded(body)
    this.#finish('last', body)
  }

  /** One answer may always be ahead, whatever its size. */
  async #waitForRoom(bytes: number): Promise<void> {
    const isFull = (): boolean =>
      this.#ahead.length >= answersAheadMax || (this.#ahead.length > 0 && this.#aheadBytes + bytes > answerBytesAheadMax)
    while (!this.#over && isFull()) await new Promise<void>((resolve) => (this.#room = resolve))
    this.#room = undefined
  }

  #finish(kind: AnswerKind, body: Uint8Array): void {
    if (this.#over) return
    this.#send(kind, body)
    this.#end()
  }

  #end(): boolean {
    if (this.#over) return false
    this.#over = true
    this.#stopDeadline?.()
    this.#options.over(this)
    if (this.#onTheWay === 0) this.#options.done()
    return true
  }

  #send(kind: AnswerKind, body: Uint8Array): void {
    // The first answer is out: the rest takes the time that it takes.
    if (this.#sent === 0) this.#stopDeadline?.()
    const { id } = this.#options.request
    this.#onTheWay += 1
    void this.#deliver({ id, kind, index: this.#sent++, body }).then(() => {
      this.#onTheWay -= 1
      if (this.#over && this.#onTheWay === 0) this.#options.done()
    })
  }

  async #deliver(answer: CallAnswer): Promise<void> {
    const { clock } = this.#options
    const pause = (ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve))
    const absentAt = clock.now() + absentMs
    let pathAgainMs = againMsFirst
    for (let again = 0; again <= repeatsMax;) {
      try {
        return await this.#options.deliver(answer)
      } catch (error) {
        const { code } = asMeshError(error)
        if (code === 'NO_ROUTE' && clock.now() < absentAt) {
          await pause(pathAgainMs)
          pathAgainMs = Math.min(pathAgainMsMost, pathAgainMs * 2)
          continue
        }
        if (code === 'QUEUE_FULL') await pause(againMsFirst << again)
        else if (code !== 'OUTCOME_UNKNOWN') break
        again += 1
      }
    }
    this.cancel(new MeshError('NO_ROUTE', 'the answer does not reach the caller'))
  }
}

/** Undefined: there is nothing wrong with it. */
export function tooLargeAnswer(body: Uint8Array): MeshError | undefined {
  if (body.length <= bodyBytesMax) return undefined
  return new MeshError('TOO_LARGE', `the answer has ${body.length} bytes, ${bodyBytesMax} fit`)
}

/** What a handler gave for nobody. */
function abandon(value: unknown): void {
  if (isAsyncIterable(value)) void finished(value[Symbol.asyncIterator]())
}

async function finished(iterator: AsyncIterator<unknown> | undefined): Promise<void> {
  try {
    await iterator?.return?.()
  } catch {
    // It was told that nobody reads it; what it throws at that is nobody's business.
  }
}
