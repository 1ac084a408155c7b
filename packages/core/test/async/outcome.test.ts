import { describe, expect, it } from 'vitest'
import { Outcome } from '../../src/async/outcome.ts'

describe('Outcome', () => {
  it('tells who asked before and who asks after; the first outcome stands', async () => {
    for (const asksFirst of [true, false]) {
      const outcome = new Outcome<string>()
      const early = asksFirst ? outcome.promise : undefined
      outcome.resolve('up')
      outcome.resolve('again')
      outcome.reject(new Error('too late'))
      expect(await (early ?? outcome.promise)).toBe('up')
      expect(outcome.promise).toBe(outcome.promise)
      expect(await outcome.promise).toBe('up')
    }
  })

  it('a rejection reaches who looks, and is nobody’s unhandled one', async () => {
    for (const asksFirst of [true, false]) {
      const outcome = new Outcome<string>()
      if (asksFirst) void outcome.promise
      outcome.reject(new Error('gone'))
      await new Promise((resolve) => setImmediate(resolve))
      await expect(outcome.promise).rejects.toThrow('gone')
    }
  })
})
