/** Where core gets its chance from. Keys and nonces come from here too, so the real one is a cryptographic source. */
export interface Dice {
  bytes(length: number): Uint8Array
  /** 0 ≤ value < 1 */
  random(): number
}
