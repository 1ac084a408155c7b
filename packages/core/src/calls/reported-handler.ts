import { describeThrown } from '../async/operations.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { isAsyncIterable } from './request.ts'

export type Report = (error: MeshError) => void

/** The same handler; what it throws is told at home, too, as HANDLER_FAILED: its caller may be anybody. */
export function reported<A extends readonly unknown[], R>(what: string, handler: (...args: A) => R, report: Report): (...args: A) => R {
  const failed = (thrown: unknown): never => {
    report(new MeshError('HANDLER_FAILED', `${what} failed: ${describeThrown(thrown)}`, { cause: thrown }))
    throw thrown
  }
  return (...args) => {
    let returned: R
    try {
      returned = handler(...args)
    } catch (error) {
      return failed(error)
    }
    if (returned instanceof Promise) return returned.catch(failed) as R
    return isAsyncIterable(returned) ? (eachOf(returned, failed) as R) : returned
  }
}

async function* eachOf(values: AsyncIterable<unknown>, failed: (thrown: unknown) => never): AsyncGenerator {
  try {
    yield* values
  } catch (error) {
    failed(error)
  }
}
