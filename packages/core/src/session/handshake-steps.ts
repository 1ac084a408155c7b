import { run, type Steps } from '../async/awaitable.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { Awaitable } from '../ports/crypto.ts'

/** Tasks of one handshake that wait for the crypto port. */
export const handshakeTasksMax = 8

/** Runs steps of a handshake as a task that never throws: a port that fails ends this step, and nothing else. */
export function handshakeTask(steps: Steps<void>, refused: (error: MeshError) => void): Awaitable<void> {
  const failed = (cause: unknown): void => refused(new MeshError('HANDSHAKE_FAILED', 'a step of a session handshake failed', { cause }))
  try {
    const result = run(steps)
    return result instanceof Promise ? result.catch(failed) : result
  } catch (error) {
    return failed(error)
  }
}
