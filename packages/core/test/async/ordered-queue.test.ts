import { describe, expect, it } from 'vitest'
import { OrderedQueue } from '../../src/async/ordered-queue.ts'

describe('the ordered queue', () => {
  it('is synchronous while every task is, and keeps the order once one waits', async () => {
    const queue = new OrderedQueue(10)
    const done: number[] = []
    queue.push(() => void done.push(1))
    expect(done).toEqual([1])
    let release!: () => void
    queue.push(() => new Promise<void>((resolve) => (release = resolve)).then(() => void done.push(2)))
    queue.push(() => void done.push(3))
    expect(done).toEqual([1])
    release()
    await new Promise<void>((resolve) => queue.push(() => resolve()))
    expect(done).toEqual([1, 2, 3])
  })

  it('takes no more than its bound', () => {
    const queue = new OrderedQueue(2)
    queue.push(() => new Promise<void>(() => {}))
    expect([queue.push(() => {}), queue.push(() => {}), queue.push(() => {})]).toEqual([true, true, false])
  })
})
