import { run, wait, type Steps } from '../async/awaitable.ts'
import type { Awaitable } from '../ports/crypto.ts'
import type { Environment } from './environment.ts'
import type { LateParts } from './late-parts.ts'

/** One of the parts that a mesh needs only when they are used: at once where the environment has them, else as soon as they are loaded. */
export function latePart<K extends keyof LateParts>(environment: Environment, name: K): Awaitable<LateParts[K]> {
  return run(part(environment, name))
}

function* part<K extends keyof LateParts>(environment: Environment, name: K): Steps<LateParts[K]> {
  const parts = yield* wait(environment.late())
  return parts[name]
}
