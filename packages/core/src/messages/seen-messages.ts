/** Far more than what is on its way at one time: a message repeated after this many others would be taken again. */
export const seenMessagesMax = 8_192

/** Remembers which messages arrived, and forgets the oldest on purpose. */
export class SeenMessages {
  readonly #seen = new Set<string>()

  /** True the first time only. */
  add(from: string, id: string): boolean {
    const key = `${from} ${id}`
    if (this.#seen.has(key)) return false
    this.#seen.add(key)
    if (this.#seen.size > seenMessagesMax) {
      for (const oldest of this.#seen) {
        this.#seen.delete(oldest)
        break
      }
    }
    return true
  }
}
