import type { OperationOptions } from '../async/operations.ts'

/** What `mesh.inspect` can ask. */
export type InspectQuestion = 'describe' | 'peers' | 'routes' | 'services'

/** Which rows are asked for, and for how long (10 000 ms). */
export interface InspectOptions extends OperationOptions {
  /** Rows to leave out: those of the pages before. */
  skip?: number | undefined
  /** With `services`: only the providers of that one. */
  service?: string | undefined
}

/** The names in `InspectOptions`. */
export const inspectOptions: readonly string[] = ['skip', 'service', 'signal', 'timeoutMs'] satisfies (keyof InspectOptions)[]

/** What another node says of itself: its words, which nobody has checked. */
export type Inspection = Readonly<Record<string, unknown>>
