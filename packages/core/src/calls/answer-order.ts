import { bodyBytesMax } from './requests.ts'
import { answerBytesAheadMax, answersAheadMax, type CallAnswer } from './call-codec.ts'

/** Puts the answers of one call in order: each is a message of its own, and messages overtake each other. */
export class AnswerOrder {
  readonly #early = new Map<number, CallAnswer>()
  #earlyBytes = 0
  #next = 0

  /** How many came, without a gap. */
  get arrived(): number {
    return this.#next
  }

  /** Those that can be read now; undefined: the provider is further ahead than it may be. One that comes twice counts once. */
  add(answer: CallAnswer, taken: number): readonly CallAnswer[] | undefined {
    const { index, body } = answer
    if (index < this.#next || this.#early.has(index)) return []
    // Behind the answers that may be ahead there is one more that says how it ended.
    if (index > taken + answersAheadMax || this.#earlyBytes + body.length > bodyBytesMax + answerBytesAheadMax) return undefined
    this.#early.set(index, answer)
    this.#earlyBytes += body.length
    const due: CallAnswer[] = []
    for (let next = this.#early.get(this.#next); next !== undefined; next = this.#early.get(this.#next)) {
      this.#early.delete(this.#next)
      this.#earlyBytes -= next.body.length
      this.#next += 1
      due.push(next)
    }
    return due
  }
}
