/** A small number for each neighbour, so that a route can name its neighbour in a few bits. */
export class NeighbourNumbers<N> {
  readonly #numbers = new Map<N, number>()
  readonly #neighbours: (N | undefined)[] = []
  readonly #free: number[] = []

  of(neighbour: N): number {
    const known = this.#numbers.get(neighbour)
    if (known !== undefined) return known
    const number = this.#free.pop() ?? this.#neighbours.length
    this.#numbers.set(neighbour, number)
    this.#neighbours[number] = neighbour
    return number
  }

  /** Of a number that `of` gave out and nobody forgot. */
  at(number: number): N {
    return this.#neighbours[number] as N
  }

  /** No route names it any more. */
  forget(neighbour: N): void {
    const number = this.#numbers.get(neighbour)
    if (number === undefined) return
    this.#numbers.delete(neighbour)
    this.#neighbours[number] = undefined
    this.#free.push(number)
  }
}
