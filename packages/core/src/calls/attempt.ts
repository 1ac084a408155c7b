import type { MeshError } from '../errors/mesh-error.ts'
import type { NameSpace } from './call-codec.ts'
import type { Reply } from './requests.ts'

/** Of a call: one provider that is asked. */
export interface Attempt {
  /** The reader has taken one more answer. */
  took(reply: Reply): void
  /** Nobody wants any more of it. Nothing is told after it. */
  cancel(): void
}

/** What is called, whoever is asked. */
export interface Invocation {
  readonly space: NameSpace
  readonly name: string
  readonly body: Uint8Array
}

export interface Asking extends Invocation {
  readonly target: string
  readonly timeoutMs: number
  readonly key: string | undefined
}

/** What an attempt tells. After `ended` or `failed` there is nothing more. */
export interface AttemptEvents {
  answered(reply: Reply): void
  ended(): void
  /** `ran`: it is known that it was executed (yes), that it was not (no), or nobody can say (maybe). */
  failed(error: MeshError, ran: 'yes' | 'no' | 'maybe'): void
  /** A node on the way says that something is wrong: perhaps. */
  hint(text: string): void
}
