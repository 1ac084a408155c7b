import { replayWindowPackets } from './session-limits.ts'

const bitsOfWord = 32

/** Which packet numbers were accepted: exact for the last 8 192, and "seen" for everything below (SE12). */
export class ReplayWindow {
  readonly #words = new Uint32Array(replayWindowPackets / bitsOfWord)
  #highest = -1

  /** The highest number accepted; -1 before the first. */
  get highest(): number {
    return this.#highest
  }

  /** True for a number that was not accepted yet and can still be told apart. */
  isFresh(number: number): boolean {
    if (number > this.#highest) return true
    return number > this.#highest - replayWindowPackets && (this.#words[this.#word(number)]! & this.#bit(number)) === 0
  }

  /** Only once the tag has held, and only if `isFresh`. */
  accept(number: number): void {
    if (number > this.#highest) this.#moveTo(number)
    this.#words[this.#word(number)]! |= this.#bit(number)
  }

  #moveTo(number: number): void {
    if (number - this.#highest >= replayWindowPackets) this.#words.fill(0)
    else for (let passed = this.#highest + 1; passed <= number; passed += 1) this.#words[this.#word(passed)]! &= ~this.#bit(passed)
    this.#highest = number
  }

  #word(number: number): number {
    return Math.floor((number % replayWindowPackets) / bitsOfWord)
  }

  #bit(number: number): number {
    return 1 << (number % bitsOfWord)
  }
}
