import { randomBytes } from 'node:crypto'
import { systemClock } from '@hopmesh/core'
import type { Clock, Dice } from '@hopmesh/core'

/** The real time of this process. */
export const nodeClock: Clock = systemClock({
  now: () => performance.now(),
  setTimeout: (callback, delayMs) => setTimeout(callback, delayMs),
  clearTimeout: (id) => clearTimeout(id as NodeJS.Timeout),
  queueMicrotask: (callback) => queueMicrotask(callback),
  Date,
})

/** Chance from the operating system: keys and nonces come from here. */
export const nodeDice: Dice = {
  bytes: (length) => new Uint8Array(randomBytes(length)),
  random: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
}
