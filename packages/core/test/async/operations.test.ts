import { describe, expect, it } from 'vitest'
import { MeshError } from '../../src/errors/mesh-error.ts'
import { Operations, type Operation } from '../../src/async/operations.ts'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'
import { rejectionOf } from '../mesh/mesh-error-of.ts'

function waiting(cleaned: string[], options: Partial<Operation<number>> = {}): Operation<number> {
  return {
    timeoutMs: 1_000,
    begin: () => () => void cleaned.push('cleaned'),
    ...options,
  }
}

describe('operations', () => {
  it('settle with a value, TIMEOUT, ABORTED or CLOSED, and clean up once', async () => {
    const clock = new VirtualClock()
    const operations = new Operations(clock)
    const cleaned: string[] = []
    const value = operations.run(waiting(cleaned, { begin: (settle) => (settle.resolve(7), () => void cleaned.push('at once')) }))
    expect(await value).toBe(7)
    const late = operations.run(waiting(cleaned))
    clock.runFor(1_000)
    expect((await rejectionOf(late)).code).toBe('TIMEOUT')
    const controller = new AbortController()
    const aborted = operations.run(waiting(cleaned, { signal: controller.signal }))
    controller.abort('why')
    expect(await rejectionOf(aborted)).toMatchObject({ code: 'ABORTED', cause: 'why' })
    const closed = operations.run(waiting(cleaned))
    operations.close()
    expect((await rejectionOf(closed)).code).toBe('CLOSED')
    expect(cleaned).toEqual(['at once', 'cleaned', 'cleaned', 'cleaned'])
    expect(operations.size).toBe(0)
    expect(clock.waiting).toBe(0)
    expect((await rejectionOf(operations.run(waiting(cleaned)))).code).toBe('CLOSED')
  })

  it('reject at once for a bad time, an aborted signal and a start that throws', async () => {
    const operations = new Operations(new VirtualClock())
    for (const timeoutMs of [0, -1, Number.NaN, '5' as unknown as number]) {
      expect((await rejectionOf(operations.run(waiting([], { timeoutMs })))).code).toBe('INVALID_OPTION')
    }
    expect((await rejectionOf(operations.run(waiting([], { signal: AbortSignal.abort() })))).code).toBe('ABORTED')
    for (const signal of [5, {}, null, { addEventListener: () => {} }] as unknown as AbortSignal[]) {
      expect((await rejectionOf(operations.run(waiting([], { signal })))).code).toBe('INVALID_OPTION')
    }
    const begin = (): never => {
      throw new MeshError('QUEUE_FULL', 'full')
    }
    expect((await rejectionOf(operations.run(waiting([], { begin })))).code).toBe('QUEUE_FULL')
    expect(operations.size).toBe(0)
  })
})
