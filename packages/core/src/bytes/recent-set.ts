/** A set with a bound: what is added becomes the latest, and above the bound what was added longest ago is forgotten. */
export class RecentSet<T> extends Set<T> {
  readonly #sizeMax: number

  constructor(sizeMax: number) {
    super()
    this.#sizeMax = sizeMax
  }

  override add(value: T): this {
    this.delete(value)
    super.add(value)
    if (this.size > this.#sizeMax) this.delete(this.values().next().value as T)
    return this
  }
}
