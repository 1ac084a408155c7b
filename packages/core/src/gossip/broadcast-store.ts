import { RangeSet } from '../bytes/range-set.ts'
import type { BroadcastId, BroadcastRows } from '../wire/gossip-control.ts'
import { hashOf, idKey, lifeKey } from './broadcast-key.ts'

/** A broadcast that was proven. */
export interface KeptBroadcast {
  readonly id: BroadcastId
  readonly key: string
  /** The tree that it takes. */
  readonly tree: string
  /** The mesh packet as it is passed on. */
  readonly packet: Uint8Array
  /** Links that it crossed to this node. */
  readonly hops: number
  /** The neighbour that handed it over; '' for one's own. */
  readonly from: string
  /** It was pulled: the tree did not bring it. */
  readonly repaired: boolean
  /** When it was said, by this node's clock, as far as that is known. */
  readonly saidAt: number
}

export interface StoreBounds {
  readonly keptMs: number
  readonly countMax: number
  readonly bytesMax: number
}

/** Broadcasts that neighbours may ask for. At a bound the oldest of the origin that has most of them goes: nobody pushes out everybody else's. */
export class BroadcastStore {
  readonly #bounds: StoreBounds
  readonly #kept = new Map<string, KeptBroadcast>()
  readonly #ofOrigin = new Map<string, number>()
  #bytes = 0

  constructor(bounds: StoreBounds) {
    this.#bounds = bounds
  }

  get size(): number {
    return this.#kept.size
  }

  get bytes(): number {
    return this.#bytes
  }

  get(key: string): KeptBroadcast | undefined {
    return this.#kept.get(key)
  }

  has(key: string): boolean {
    return this.#kept.has(key)
  }

  /** There is something of that origin. */
  keepsOf(origin: string): boolean {
    return this.#ofOrigin.has(origin)
  }

  values(): IterableIterator<KeptBroadcast> {
    return this.#kept.values()
  }

  add(kept: KeptBroadcast): void {
    const { countMax, bytesMax } = this.#bounds
    while (this.#kept.size > 0 && (this.#kept.size >= countMax || this.#bytes + kept.packet.length > bytesMax)) this.#evict()
    this.#kept.set(kept.key, kept)
    this.#bytes += kept.packet.length
    this.#ofOrigin.set(kept.id.origin, (this.#ofOrigin.get(kept.id.origin) ?? 0) + 1)
  }

  clear(): void {
    this.#kept.clear()
    this.#ofOrigin.clear()
    this.#bytes = 0
  }

  expire(now: number): void {
    for (const kept of this.#kept.values()) if (now - kept.saidAt > this.#bounds.keptMs) this.#remove(kept)
  }

  /** The lowest counter that is kept of a life; undefined: none. */
  lowestOf(life: string): number | undefined {
    let lowest: number | undefined
    for (const { id } of this.#kept.values()) if (lifeKey(id) === life && id.counter < (lowest ?? Infinity)) lowest = id.counter
    return lowest
  }

  /** The same at two nodes that keep the same, in whatever order it came. */
  digest(now: number, oldestMs: number): { readonly hash: number; readonly count: number } {
    let hash = 0
    let count = 0
    for (const { key, saidAt } of this.#kept.values()) {
      if (now - saidAt > oldestMs) continue
      hash ^= hashOf(key)
      count += 1
    }
    return { hash: hash >>> 0, count }
  }

  /** All of it, the earlier lives of an origin first. */
  rows(): BroadcastRows[] {
    return rowsOf([...this.#kept.values()].map(({ id }) => id))
  }

  #evict(): void {
    let most = ''
    let count = 0
    for (const [origin, has] of this.#ofOrigin) {
      if (has > count) {
        most = origin
        count = has
      }
    }
    for (const kept of this.#kept.values()) if (kept.id.origin === most) return this.#remove(kept)
  }

  #remove({ key, packet, id }: KeptBroadcast): void {
    this.#kept.delete(key)
    this.#bytes -= packet.length
    const left = (this.#ofOrigin.get(id.origin) ?? 1) - 1
    if (left > 0) this.#ofOrigin.set(id.origin, left)
    else this.#ofOrigin.delete(id.origin)
  }
}

export function rowsOf(ids: readonly BroadcastId[]): BroadcastRows[] {
  const lives = new Map<string, { readonly id: BroadcastId; readonly counters: RangeSet }>()
  for (const id of ids) {
    const key = lifeKey(id)
    const life = lives.get(key) ?? { id, counters: new RangeSet() }
    lives.set(key, life)
    life.counters.add(id.counter, id.counter + 1)
  }
  const inOrder = [...lives.values()].toSorted((one, other) => one.id.epoch - other.id.epoch)
  return inOrder.map(({ id: { origin, epoch, fleeting }, counters }) => ({ origin, epoch, fleeting, ranges: [...counters.ranges()] }))
}

/** Every id in the rows, at most `max`. */
export function* idsOf(rows: readonly BroadcastRows[], max: number): IterableIterator<BroadcastId & { readonly key: string }> {
  let given = 0
  for (const { origin, epoch, fleeting, ranges } of rows) {
    for (const { start, end } of ranges) {
      for (let counter = start; counter < end; counter += 1) {
        if ((given += 1) > max) return
        const id = { origin, epoch, fleeting, counter }
        yield { ...id, key: idKey(id) }
      }
    }
  }
}
