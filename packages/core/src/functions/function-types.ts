import type { Outcomes } from '../membership/targets.ts'
import type { CallerOf } from '../calls/caller-of.ts'

/** Who calls a function, and how long it waits. `M` is the mesh that is called. */
export interface FunctionContextOf<M> extends CallerOf<M> {
  /** Aborted when nobody waits for the result any more. */
  readonly signal: AbortSignal
  /** Until when the caller waits: milliseconds since 1970 by one's own clock; undefined: it waits on. */
  readonly deadline: number | undefined
}

/** Any functions, as they are registered when nobody says which. */
export type AnyFunctions = Record<string, (...args: never[]) => unknown>

/** Any functions, as they are called when nobody says which. */
export type UnknownFunctions = Record<string, (...args: unknown[]) => unknown>

/** The functions of `Api` as they are registered: the context stands in front of the arguments, and a result may come later. */
export type FunctionHandlers<Api, C> = {
  readonly [K in keyof Api]: Api[K] extends (...args: infer A) => infer R ? (ctx: C, ...args: A) => Awaited<R> | Promise<Awaited<R>> : never
}

/** The functions of `Api` as they are called at one member. */
export type RemoteFunctions<Api> = {
  readonly [K in keyof Api]: Api[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Awaited<R>> : never
}

/** The same at several: each settles on its own. */
export type RemoteFunctionsOfEach<Api> = {
  readonly [K in keyof Api]: Api[K] extends (...args: infer A) => infer R ? (...args: A) => Promise<Outcomes<Awaited<R>>> : never
}
