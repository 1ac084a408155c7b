import type { Neighbour } from '../table/origin.ts'
import { isTellable, TableDigest } from '../table/route-digest.ts'
import type { RouteTable } from '../table/route-table.ts'

/**
 * The rows that a relay tells leaves (R14): at most so many of all, the same for every leaf. So what a leaf was told needs
 * no table of its own, and a relay with thousands of them grows with its members, not with members times links.
 */
export class VisibleRows<N extends Neighbour> {
  readonly max: number
  readonly #table: RouteTable<N>
  readonly #rows = new Set<string>()
  /** Rows that went, by their place in the log of changes: whoever has not read so far was told of them. */
  readonly #left = new Map<string, number>()
  #digest: TableDigest<N> | undefined
  #digestOf = -1

  constructor(table: RouteTable<N>, max: number) {
    this.#table = table
    this.max = max
    for (const origin of table.all()) if (isTellable(origin.selected) && this.#rows.size < max) this.#rows.add(origin.address)
  }

  get size(): number {
    return this.#rows.size
  }

  has(address: string): boolean {
    return this.#rows.has(address)
  }

  all(): IterableIterator<string> {
    return this.#rows.values()
  }

  /** The row at this place of the log changed. Gives another one that takes its place when it went. */
  changed(address: string, place: number): string | undefined {
    const tellable = isTellable(this.#table.get(address)?.selected)
    if (tellable && !this.#rows.has(address) && this.#rows.size < this.max) this.#admit(address)
    if (tellable || !this.#rows.delete(address)) return undefined
    this.#left.set(address, place)
    return this.#refill()
  }

  /** As `changed`, of a row that nobody has to be told of. */
  gone(address: string): string | undefined {
    this.#left.delete(address)
    return this.#rows.delete(address) ? this.#refill() : undefined
  }

  /** A listener that has read up to `cursor` was told of this row, which is none any more. */
  leftSince(address: string, cursor: number): boolean {
    return (this.#left.get(address) ?? -1) >= cursor
  }

  /** Everybody has read up to here. */
  trim(start: number): void {
    for (const [address, place] of this.#left) if (place < start) this.#left.delete(address)
  }

  /** The sums over these rows, made anew when the table has changed. */
  digest(): TableDigest<N> {
    if (this.#digest && this.#digestOf === this.#table.revision) return this.#digest
    this.#digest = new TableDigest()
    this.#digestOf = this.#table.revision
    for (const address of this.#rows) {
      const origin = this.#table.get(address)
      if (origin) this.#digest.selected(origin, undefined, 0)
    }
    return this.#digest
  }

  #admit(address: string): void {
    this.#rows.add(address)
    this.#left.delete(address)
    this.#digestOf = -1
  }

  #refill(): string | undefined {
    this.#digestOf = -1
    for (const { address, selected } of this.#table.all()) {
      if (!isTellable(selected) || this.#rows.has(address)) continue
      this.#admit(address)
      return address
    }
    return undefined
  }
}
