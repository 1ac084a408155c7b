/** A map with a bound: what is set becomes the latest, and above the bound what was set longest ago is forgotten. */
export class RecentMap<K, V> extends Map<K, V> {
  readonly #sizeMax: number

  constructor(sizeMax: number) {
    super()
    this.#sizeMax = sizeMax
  }

  override set(key: K, value: V): this {
    this.delete(key)
    super.set(key, value)
    if (this.size > this.#sizeMax) this.delete(this.keys().next().value as K)
    return this
  }
}
