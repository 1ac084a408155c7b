import { asMeshError } from '../async/operations.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Address } from '../identity/address.ts'
import type { CallReplies } from '../calls/call-replies.ts'
import type { Reply } from '../calls/requests.ts'
import type { ServiceListing } from './service-listing.ts'

/** One answer of one provider, or why it gives none (any more). */
export type ProviderReply =
  | { readonly from: Address; readonly reply: Reply; readonly error?: undefined }
  | { readonly from: Address; readonly reply?: undefined; readonly error: MeshError }

/** Providers that are asked at one time: each needs a session, and a node has so many. The others are asked as these settle. */
export const providersAtOnceMax = 64

/**
 * The answers of every provider, as they come. All were asked already. An answer is read before the next one of the same provider is
 * taken, so that nobody gets far ahead. A loop that is left cancels what is still to come.
 */
export class AllReplies implements AsyncIterable<ProviderReply> {
  readonly #ready: { readonly answer: ProviderReply; readonly taken: () => void }[] = []
  readonly #open = new Set<AsyncIterator<Reply, undefined>>()
  readonly #waiting: ServiceListing[] = []
  readonly #ask: (provider: ServiceListing) => CallReplies<Reply>
  #started = false
  #failed: MeshError | undefined
  #wake: (() => void) | undefined
  #left = false

  constructor(ask: (provider: ServiceListing) => CallReplies<Reply>) {
    this.#ask = ask
  }

  start(providers: readonly ServiceListing[]): void {
    this.#started = true
    if (!this.#left) this.#waiting.push(...providers)
    this.#askMore()
    this.#wakeReader()
  }

  /** Nobody could be asked: the loop throws it. */
  fail(error: MeshError): void {
    this.#started = true
    this.#failed = error
    this.#wakeReader()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ProviderReply, void> {
    try {
      for (;;) {
        const next = this.#ready.shift()
        if (next) {
          yield next.answer
          next.taken()
        } else if (this.#failed) throw this.#failed
        else if (this.#started && this.#open.size + this.#waiting.length === 0) return
        else await new Promise<void>((resolve) => (this.#wake = resolve))
      }
    } finally {
      this.#left = true
      this.#waiting.length = 0
      await Promise.all([...this.#open].map(async (iterator) => iterator.return?.()))
    }
  }

  #askMore(): void {
    while (this.#open.size < providersAtOnceMax) {
      const provider = this.#waiting.shift()
      if (!provider) return
      const iterator = this.#ask(provider)[Symbol.asyncIterator]()
      this.#open.add(iterator)
      void this.#follow(provider.address, iterator)
    }
  }

  async #follow(from: Address, iterator: AsyncIterator<Reply, undefined>): Promise<void> {
    try {
      for (let answers = 0; ; answers += 1) {
        const next = await iterator.next()
        if (this.#left) return
        if (next.done !== true) await this.#hand({ from, reply: next.value })
        else if (answers > 0) break
        else throw new MeshError('NO_REPLY', `${from} ended without an answer`)
      }
    } catch (error) {
      if (!this.#left) void this.#hand({ from, error: asMeshError(error) })
    } finally {
      this.#open.delete(iterator)
      if (!this.#left) this.#askMore()
      this.#wakeReader()
    }
  }

  #hand(answer: ProviderReply): Promise<void> {
    return new Promise((taken) => {
      this.#ready.push({ answer, taken })
      this.#wakeReader()
    })
  }

  #wakeReader(): void {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }
}
