import { randomBytes, randomFillSync } from 'node:crypto'
// The global of that name is looked up anew each time it is used.
import { performance } from 'node:perf_hooks'
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

const numberBytes = 6
/** Numbers are drawn many at a time: each packet takes one, and asking costs a hundred times as much as reading. */
const drawn = Buffer.alloc(numberBytes * 256)
let drawnUsed = drawn.length

function drawNumber(): number {
  if (drawnUsed === drawn.length) {
    randomFillSync(drawn)
    drawnUsed = 0
  }
  drawnUsed += numberBytes
  return drawn.readUIntBE(drawnUsed - numberBytes, numberBytes) / 2 ** (8 * numberBytes)
}

/** Chance from the operating system: keys and nonces come from here. */
export const nodeDice: Dice = {
  bytes: (length) => new Uint8Array(randomBytes(length)),
  random: drawNumber,
}
