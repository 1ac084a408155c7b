import type { Origin, Neighbour } from './origin.ts'

/** Where the records of origins are kept: with the origin itself, or, as long as it is none here (a neighbour that has only just joined), beside. */
export class RecordPlacesByOrigin<N extends Neighbour> {
  readonly #origins: ReadonlyMap<string, Origin<N>>
  readonly #others = new Map<string, number>()

  constructor(origins: ReadonlyMap<string, Origin<N>>) {
    this.#origins = origins
  }

  get(address: string): number | undefined {
    const origin = this.#origins.get(address)
    return origin ? origin.recordPlace : this.#others.get(address)
  }

  set(address: string, place: number): void {
    const origin = this.#origins.get(address)
    if (origin) origin.recordPlace = place
    else this.#others.set(address, place)
  }

  delete(address: string): void {
    const origin = this.#origins.get(address)
    if (origin) origin.recordPlace = undefined
    else this.#others.delete(address)
  }

  *values(): IterableIterator<number> {
    for (const { recordPlace } of this.#origins.values()) if (recordPlace !== undefined) yield recordPlace
    yield* this.#others.values()
  }

  /** It has become an origin. */
  adopt(origin: Origin<N>): void {
    origin.recordPlace = this.#others.get(origin.address)
    this.#others.delete(origin.address)
  }

  /** It is an origin no more. */
  release({ address, recordPlace }: Origin<N>): void {
    if (recordPlace !== undefined) this.#others.set(address, recordPlace)
  }
}
