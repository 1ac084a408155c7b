import type { Clock } from './clock.ts'

/** What a runtime offers: in a page and in Node `{ now: () => performance.now(), … }`. */
export interface SystemTimers {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number
  setTimeout(callback: () => void, delayMs: number): unknown
  clearTimeout(id: unknown): void
  queueMicrotask(callback: () => void): void
  readonly Date: { now(): number }
}

/** Above this a timer of every runtime fires at once instead of late. */
const delayMsMax = 0x7fff_ffff

/** The real clock, out of the timers of the runtime: core itself names none. */
export function systemClock(timers: SystemTimers): Clock {
  return {
    now: () => timers.now(),
    wallTime: () => timers.Date.now(),
    setTimer(delayMs, callback) {
      const id = timers.setTimeout(callback, Math.min(Math.max(delayMs, 0), delayMsMax))
      return () => timers.clearTimeout(id)
    },
    soon: (callback) => timers.queueMicrotask(callback),
  }
}
