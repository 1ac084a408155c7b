/** Remembers the last ids and forgets older ones on purpose: two generations, of which the older is dropped when the newer is full. */
export class Seen {
  readonly #generationMax: number
  #newer = new Set<string>()
  #older = new Set<string>()

  /** At least `idsMax` / 2 and at most `idsMax` ids are remembered. */
  constructor(idsMax: number) {
    this.#generationMax = Math.max(1, Math.floor(idsMax / 2))
  }

  has(id: string): boolean {
    return this.#newer.has(id) || this.#older.has(id)
  }

  /** True the first time. */
  add(id: string): boolean {
    if (this.has(id)) return false
    if (this.#newer.size >= this.#generationMax) {
      this.#older = this.#newer
      this.#newer = new Set()
    }
    this.#newer.add(id)
    return true
  }
}
