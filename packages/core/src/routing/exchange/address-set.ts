/** A set that is empty nearly always, in thousands of places at once: then it takes next to nothing. */
export class AddressSet {
  #addresses: Set<string> | undefined

  has(address: string): boolean {
    return this.#addresses?.has(address) === true
  }

  add(address: string): void {
    this.#addresses ??= new Set()
    this.#addresses.add(address)
  }

  delete(address: string): void {
    if (this.#addresses?.delete(address) && this.#addresses.size === 0) this.#addresses = undefined
  }

  clear(): void {
    this.#addresses = undefined
  }

  all(): Iterable<string> {
    return this.#addresses ?? nothing
  }
}

const nothing: readonly string[] = []
