import type { Dice } from '../ports/dice.ts'

export interface BackoffOptions {
  readonly firstMs: number
  readonly mostMs: number
}

/** Waits that double from `firstMs` to `mostMs`, each drawn between half of it and the whole, so that many do not come back at once. */
export class Backoff {
  readonly #dice: Dice
  readonly #options: BackoffOptions
  #failures = 0

  constructor(dice: Dice, options: BackoffOptions) {
    this.#dice = dice
    this.#options = options
  }

  next(): number {
    const { firstMs, mostMs } = this.#options
    const wholeMs = Math.min(mostMs, firstMs * 2 ** Math.min(this.#failures, 30))
    this.#failures += 1
    return wholeMs * (0.5 + this.#dice.random() / 2)
  }

  reset(): void {
    this.#failures = 0
  }
}
