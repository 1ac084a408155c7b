import type { OperationOptions } from '../async/operations.ts'

/** Nobody waits longer than the first answer takes; `timeoutMs` is the time until it. */
export interface MemberCallOptions extends OperationOptions {
  /**
   * It does no harm when it is executed twice: it is asked again, also of others, as long as there is time. A provider executes it once,
   * and gives its answer again for 5 minutes; a text: also to another call of one's own with the same text.
   */
  idempotent?: boolean | string | undefined
}

/** The names in the options. */
export const memberCallOptions: readonly string[] = ['idempotent', 'signal', 'timeoutMs'] satisfies (keyof MemberCallOptions)[]
