import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/ports/system-clock.ts'

describe('system clock', () => {
  it('ALN-42 is made of the timers it is given, delays kept within what timers can', () => {
    const asked: number[] = []
    const cleared: unknown[] = []
    const turns: (() => void)[] = []
    const clock = systemClock({
      now: () => 5,
      Date: { now: () => 99 },
      setTimeout(callback, delayMs) {
        asked.push(delayMs)
        callback()
        return asked.length
      },
      clearTimeout: (id) => cleared.push(id),
      queueMicrotask: (callback) => turns.push(callback),
    })
    let fired = 0
    clock.setTimer(20, () => (fired += 1))()
    clock.setTimer(-3, () => (fired += 1))
    clock.setTimer(1e12, () => (fired += 1))
    clock.soon(() => (fired += 1))
    expect([clock.now(), clock.wallTime(), fired, turns.length]).toEqual([5, 99, 3, 1])
    expect(asked).toEqual([20, 0, 0x7fff_ffff])
    expect(cleared).toEqual([1])
  })
})
