import { describe, expect, it } from 'vitest'
import { VirtualClock } from '../../src/testing/virtual-clock.ts'

describe('virtual clock', () => {
  it('ALN-42 runs timers by time, then by order of asking', () => {
    const clock = new VirtualClock()
    const ran: string[] = []
    clock.setTimer(20, () => ran.push(`c ${clock.now()}`))
    clock.setTimer(10, () => {
      ran.push(`a ${clock.now()}`)
      clock.soon(() => ran.push(`soon ${clock.now()}`))
    })
    clock.setTimer(10, () => ran.push(`b ${clock.now()}`))
    expect(clock.runUntil(15)).toBe(3)
    expect(clock.now()).toBe(15)
    clock.runFor(5)
    expect(ran).toEqual(['a 10', 'b 10', 'soon 10', 'c 20'])
  })

  it('ALN-42 keeps the order of ten thousand timers, cancelled ones left out', () => {
    const clock = new VirtualClock()
    const ran: number[] = []
    const expected: { at: number; index: number }[] = []
    for (let index = 0; index < 10_000; index += 1) {
      const at = (index * 7_919) % 1_000
      const cancel = clock.setTimer(at, () => ran.push(index))
      if (index % 3 === 0) expected.push({ at, index })
      else cancel()
    }
    expect(clock.waiting).toBe(expected.length)
    clock.runUntilIdle()
    expect(ran).toEqual(expected.sort((a, b) => a.at - b.at || a.index - b.index).map((one) => one.index))
    expect(clock.waiting).toBe(0)
  })

  it('ALN-42 says so when the world never comes to rest', () => {
    const clock = new VirtualClock()
    const again = (): void => void clock.setTimer(1, again)
    again()
    expect(() => clock.runUntilIdle(50)).toThrow('not idle after 50 events')
    expect(clock.now()).toBe(50)
  })

  it('ALN-42 a timer that was cancelled by the one before it does not run', () => {
    const clock = new VirtualClock()
    let ran = false
    clock.setTimer(1, () => cancel())
    const cancel = clock.setTimer(1, () => (ran = true))
    clock.runUntilIdle()
    expect(ran).toBe(false)
  })

  it('ALN-42 advance lets promises go on between moments', async () => {
    const clock = new VirtualClock()
    const sleep = (ms: number): Promise<void> => new Promise((resolve) => clock.setTimer(ms, resolve))
    const at: number[] = []
    const walk = (async () => {
      for (const ms of [5, 10, 20]) {
        await sleep(ms)
        at.push(clock.now())
      }
    })()
    await clock.advance(100)
    await walk
    expect(at).toEqual([5, 15, 35])
    expect(clock.now()).toBe(100)
    expect(clock.wallTime() - new VirtualClock().wallTime()).toBe(100)
  })

  it('ALN-42 advanceUntil stands still when the condition holds and throws when it never does', async () => {
    const clock = new VirtualClock()
    let ready = false
    clock.setTimer(30, () => (ready = true))
    clock.setTimer(40, () => {})
    await clock.advanceUntil(() => ready)
    expect(clock.now()).toBe(30)
    await expect(clock.advanceUntil(() => false, 1_000)).rejects.toThrow('1000 ms')
  })
})
