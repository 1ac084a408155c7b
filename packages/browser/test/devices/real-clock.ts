import { systemClock } from '@hopmesh/core'
import type { Clock } from '@hopmesh/core'

/** For the contract, which waits for streams and promises of the platform. */
export const realClock: Clock = systemClock({
  now: () => performance.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (id) => clearTimeout(id as NodeJS.Timeout),
  queueMicrotask,
  Date,
})
