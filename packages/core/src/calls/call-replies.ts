import { deferred } from '../async/deferred.ts'
import { MeshError } from '../errors/mesh-error.ts'

/** Where the answers come from. */
export interface RepliesSource<R> {
  /** The reader has taken this one. */
  took(reply: R): void
  /** Nobody wants any more. */
  cancel(): void
}

/**
 * The answers of one provider. It was asked already: `await` takes the first answer and cancels the rest, `for await` takes one after
 * another, as fast as they are read, and cancels when the loop is left. A rejection that nobody looks at is never unhandled.
 */
export class CallReplies<R> implements Promise<R>, AsyncIterable<R> {
  readonly [Symbol.toStringTag]: string = 'CallReplies'
  readonly #first = deferred<R>()
  readonly #waiting: R[] = []
  readonly #source: RepliesSource<R>
  #wake: (() => void) | undefined
  #end: { readonly error: MeshError | undefined } | undefined
  #answers = 0
  #awaited = false
  #looped = false

  // With the types of every promise: a handler may say of which type it takes its error to be.
  // oxlint-disable-next-line unicorn/no-thenable -- a promise, and a loop besides
  readonly then: Promise<R>['then'] = (fulfilled, rejected) => {
    this.#awaited = true
    if (this.#answers > 0 && !this.#looped) this.#enough()
    return this.#first.promise.then(fulfilled, rejected)
  }

  readonly catch: Promise<R>['catch'] = (rejected) => this.then(undefined, rejected)

  readonly finally: Promise<R>['finally'] = (done) => this.then((reply) => reply).finally(done)

  constructor(start: (replies: RepliesSink<R>) => RepliesSource<R>) {
    this.#source = start({
      push: (reply) => this.#push(reply),
      end: (error) => this.#ended(error),
      isRead: () => this.#awaited || this.#looped,
    })
  }

  [Symbol.asyncIterator](): AsyncIterator<R, undefined> {
    this.#looped = true
    const done = { done: true, value: undefined } as const
    return {
      next: async () => {
        while (this.#waiting.length === 0 && !this.#end) await new Promise<void>((resolve) => (this.#wake = resolve))
        const reply = this.#waiting.shift()
        if (reply !== undefined) {
          this.#source.took(reply)
          return { done: false, value: reply }
        }
        const { error } = this.#end ?? {}
        // It is told once.
        this.#end = { error: undefined }
        if (error) throw error
        return done
      },
      return: async () => {
        this.#waiting.length = 0
        this.#enough()
        return done
      },
    }
  }

  #push(reply: R): void {
    if (this.#end) return
    this.#answers += 1
    this.#waiting.push(reply)
    this.#first.resolve(reply)
    this.#wakeReader()
    if (this.#awaited && !this.#looped) this.#enough()
  }

  #ended(error: MeshError | undefined): void {
    if (this.#end) return
    this.#end = { error }
    this.#first.reject(error ?? new MeshError('NO_REPLY', 'the provider ended without an answer'))
    this.#wakeReader()
  }

  #enough(): void {
    if (this.#end) return
    this.#end = { error: undefined }
    this.#source.cancel()
    this.#wakeReader()
  }

  #wakeReader(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}

/** The side of whoever asks. */
export interface RepliesSink<R> {
  push(reply: R): void
  end(error?: MeshError): void
  /** Somebody awaits it or loops over it. */
  isRead(): boolean
}

/** Replies that fail at once. */
export function failedReplies<R>(error: MeshError): CallReplies<R> {
  return new CallReplies((sink) => failedSource(sink, error))
}

export function failedSource<R>(sink: RepliesSink<R>, error: MeshError): RepliesSource<R> {
  sink.end(error)
  return { took: () => {}, cancel: () => {} }
}
