export { SeededDice } from './seeded-dice.ts'
export { VirtualClock } from './virtual-clock.ts'
export type { VirtualClockOptions } from './virtual-clock.ts'
export { toyCrypto, toyKeyPair } from './toy-crypto.ts'
