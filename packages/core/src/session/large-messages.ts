import { largeMessagesMax } from './session-limits.ts'

/**
 * The places in which messages larger than a stream's first credit are taken in: so many at a time in the whole node, so that memory is
 * bounded however many peers there are. Who gets none waits, without credit, until another one is done.
 */
export class LargeMessagePlaces {
  readonly #holders = new Set<object>()
  /** In the order in which they asked. */
  readonly #waiting = new Map<object, () => void>()

  /** True: `holder` has a place. False: `freed` is called once it may ask again. */
  take(holder: object, freed: () => void): boolean {
    if (this.#holders.has(holder)) return true
    if (this.#holders.size >= largeMessagesMax) {
      this.#waiting.set(holder, freed)
      return false
    }
    this.#waiting.delete(holder)
    this.#holders.add(holder)
    return true
  }

  release(holder: object): void {
    this.#waiting.delete(holder)
    if (!this.#holders.delete(holder)) return
    // Who was told may have no use for it any more; then the next one is told.
    for (const [waiting, freed] of [...this.#waiting]) {
      if (this.#holders.size >= largeMessagesMax) return
      this.#waiting.delete(waiting)
      freed()
    }
  }
}
