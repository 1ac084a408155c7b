// One call: whom it asks, whom it asks next, and what it settles with. Whoever may have executed it ends it, unless it is idempotent.

import { asMeshError, timeoutFault, type Operations } from '../async/operations.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Attempt, AttemptEvents } from './attempt.ts'
import type { RepliesSink, RepliesSource } from './call-replies.ts'
import type { Reply } from './requests.ts'

/** Lines for the error. */
const triedMax = 8
/** An idempotent call asks one more provider when there was no answer for this part of its time. */
const patience = 1 / 3
const patienceMsMost = 5_000
/** An idempotent call that has asked everybody begins again after so long. */
const againMsFirst = 500

export interface CallPlan {
  /** For messages: what is called. */
  readonly what: string
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
  readonly idempotent: boolean
  /**
   * Whom to ask, of those that were not asked yet; undefined: nobody (any more). Throws the error to reject with.
   */
  next(asked: ReadonlySet<string>): string | undefined
  /** Of a call that found nobody. */
  nobody(): MeshError
  ask(target: string, events: AttemptEvents): Attempt
  answered(target: string): void
}

interface Asked {
  readonly target: string
  attempt: Attempt | undefined
}

export interface CallRunParts {
  readonly clock: Clock
  readonly operations: Operations
}

export class CallRun implements RepliesSource<Reply> {
  readonly #clock: Clock
  readonly #plan: CallPlan
  readonly #sink: RepliesSink<Reply>
  readonly #active = new Set<Asked>()
  readonly #asked = new Set<string>()
  readonly #tried: string[] = []
  readonly #timers = new Set<() => void>()
  #finish: (error?: MeshError) => void = () => {}
  /** The one whose answers are taken. */
  #winner: Asked | undefined
  #lastError: MeshError | undefined
  #rounds = 0
  #over = false

  constructor(plan: CallPlan, sink: RepliesSink<Reply>, { clock, operations }: CallRunParts) {
    this.#clock = clock
    this.#plan = plan
    this.#sink = sink
    const { signal, timeoutMs } = plan
    const fault = timeoutFault(timeoutMs)
    if (fault) {
      this.#over = true
      sink.end(fault)
      return
    }
    const life = operations.run<undefined>({
      signal,
      timeoutMs: Infinity,
      begin: (settle) => {
        this.#finish = (error) => (error ? settle.reject(error) : settle.resolve(undefined))
        this.#timer(timeoutMs, () => this.#late())
        this.#askNext()
        return () => this.#cleanUp()
      },
    })
    life.then(
      () => sink.end(),
      (error: unknown) => sink.end(asMeshError(error)),
    )
  }

  took(reply: Reply): void {
    this.#winner?.attempt?.took(reply)
  }

  cancel(): void {
    this.#finish()
  }

  #askNext(): void {
    if (this.#over) return
    const target = this.#plan.next(this.#asked)
    if (target !== undefined) return this.#ask(target)
    if (this.#active.size > 0) return
    if (this.#plan.idempotent && this.#asked.size + this.#rounds > 0) return this.#beginAgain()
    this.#finish(this.#exhausted())
  }

  #ask(target: string): void {
    this.#asked.add(target)
    const asked: Asked = { target, attempt: undefined }
    this.#active.add(asked)
    try {
      asked.attempt = this.#plan.ask(target, {
        answered: (reply) => this.#answered(asked, reply),
        ended: () => this.#ended(asked),
        failed: (error, ran) => this.#failed(asked, error, ran),
        hint: (text) => this.#note(text),
      })
    } catch (error) {
      return this.#failed(asked, asMeshError(error), 'no')
    }
    const { idempotent, timeoutMs } = this.#plan
    if (idempotent && this.#active.has(asked)) this.#timer(Math.min(patienceMsMost, timeoutMs * patience), () => this.#impatient(asked))
  }

  #answered(asked: Asked, reply: Reply): void {
    if (this.#over || (this.#winner && this.#winner !== asked)) return
    if (!this.#winner) {
      this.#winner = asked
      this.#plan.answered(asked.target)
      for (const other of this.#active) if (other !== asked) other.attempt?.cancel()
      // From now on it takes as long as it takes. What nobody reads until the time is up, nobody wants.
      if (this.#sink.isRead()) this.#stopTimers()
    }
    this.#sink.push(reply)
  }

  #ended(asked: Asked): void {
    this.#active.delete(asked)
    if (!this.#winner || this.#winner === asked) this.#finish()
  }

  #failed(asked: Asked, error: MeshError, ran: 'yes' | 'no' | 'maybe'): void {
    this.#active.delete(asked)
    if (this.#over || (this.#winner && this.#winner !== asked)) return
    this.#lastError = error
    this.#note(`${asked.target}: ${error.code} ${error.message}`)
    const isFinal = error.code === 'TOO_LARGE' || error.code === 'INVALID_OPTION' || this.#winner === asked
    if (isFinal || ran === 'yes' || (ran === 'maybe' && !this.#plan.idempotent)) this.#finish(error)
    else this.#askAnother()
  }

  #impatient(asked: Asked): void {
    if (!this.#winner && this.#active.has(asked)) this.#askAnother()
  }

  #askAnother(): void {
    try {
      this.#askNext()
    } catch (thrown) {
      this.#finish(asMeshError(thrown))
    }
  }

  #beginAgain(): void {
    this.#asked.clear()
    this.#timer(againMsFirst * 2 ** Math.min(this.#rounds++, 4), () => this.#askAnother())
  }

  #late(): void {
    if (this.#winner) return this.#sink.isRead() ? undefined : this.#finish()
    const { what, timeoutMs } = this.#plan
    const from = [...this.#active].map(({ target }) => target).join(', ')
    this.#finish(new MeshError('TIMEOUT', `no answer${from && ` from ${from}`} to ${what} within ${timeoutMs} ms`, { tried: this.#tried }))
  }

  #exhausted(): MeshError {
    const error = this.#lastError
    if (!error) return this.#plan.nobody()
    return this.#tried.length > 1 ? new MeshError(error.code, error.message, { cause: error.cause, tried: this.#tried }) : error
  }

  #note(text: string): void {
    if (this.#tried.length < triedMax) this.#tried.push(text)
  }

  #timer(delayMs: number, callback: () => void): void {
    if (delayMs === Infinity || this.#over) return
    const stop = this.#clock.setTimer(delayMs, () => {
      this.#timers.delete(stop)
      callback()
    })
    this.#timers.add(stop)
  }

  #stopTimers(): void {
    for (const stop of this.#timers) stop()
    this.#timers.clear()
  }

  #cleanUp(): void {
    this.#over = true
    this.#stopTimers()
    for (const { attempt } of this.#active) attempt?.cancel()
    this.#active.clear()
  }
}
