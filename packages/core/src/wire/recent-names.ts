/** As many as are on the move at a time: what a link keeps does not grow with the network. */
export const namesMax = 64

/**
 * The destinations that one direction of a link named last, each with its last number: the oldest place is taken by the next
 * name, at both ends alike, so that both mean the same by a place.
 */
export class RecentNames {
  #names: string[] = []
  #numbers: number[] = []
  #next = 0
  #lastNumber = 0

  get size(): number {
    return this.#names.length
  }

  /** −1: not among the last. */
  placeOf(name: string): number {
    return this.#names.indexOf(name)
  }

  /** Undefined: nothing was ever there. */
  at(place: number): string | undefined {
    return this.#names[place]
  }

  /** The place of a new name. Its number is most likely near the one that was told before. */
  add(name: string): number {
    const place = this.#next
    if (this.#names.length === 0) {
      // Many links have but one name to tell: an array made of it has room for no more, one that grows to it for seventeen.
      this.#names = [name]
      this.#numbers = [this.#lastNumber]
    } else {
      this.#names[place] = name
      this.#numbers[place] = this.#lastNumber
    }
    this.#next = (place + 1) % namesMax
    return place
  }

  numberAt(place: number): number {
    return this.#numbers[place]!
  }

  number(place: number, seq48: number): void {
    this.#numbers[place] = seq48
    this.#lastNumber = seq48
  }

  clear(): void {
    this.#names.length = 0
    this.#numbers.length = 0
    this.#next = 0
    this.#lastNumber = 0
  }
}
