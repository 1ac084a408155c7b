import { systemClock } from '@hopmesh/core'
import type { Clock } from '@hopmesh/core'

export const pageClock: Clock = systemClock({
  now: () => performance.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (id) => clearTimeout(id as number),
  queueMicrotask: (callback) => queueMicrotask(callback),
  Date,
})
