// What was told to whom, without a table for each neighbour: one shared log of changed destinations, a cursor into it
// per neighbour, and a set of the destinations that a neighbour has not been told (it is their next hop, or they are gone).

import { metricInfinite, type Digest, type RouteEntry } from '../../wire/control.ts'
import type { Neighbour, Origin } from '../table/origin.ts'
import { isTellable, TableDigest } from '../table/route-digest.ts'
import { AddressSet } from './address-set.ts'
import type { RouteTable } from '../table/route-table.ts'
import { VisibleRows } from './visible-rows.ts'

/** A leaf that wants fewer rows gets the next smaller share: each share is kept once. */
const rowShares = [500, 250, 125] as const

interface Listener<N extends Neighbour> {
  /** Place in the log up to which everything was told. */
  cursor: number
  /** Known origins of which the neighbour holds no finite advert of ours; itself not counted, of which it never does. */
  readonly untold: AddressSet
  /** Of a leaf: the rows that it is told of, and whether it knows that there are more. */
  visible: VisibleRows<N> | undefined
  more: boolean
  /** Destinations that only this neighbour has to be told anew: their route led through it, or does so now. */
  readonly moved: AddressSet
}

export class Advertiser<N extends Neighbour> {
  readonly #table: RouteTable<N>
  readonly #self: () => RouteEntry
  readonly #address: string
  readonly #tagOf: (address: string) => number | undefined
  readonly #listeners = new Map<N, Listener<N>>()
  /** By how many they are. */
  readonly #visible = new Map<number, VisibleRows<N>>()
  /** This node is told of itself only, to everybody. */
  #stub = false
  /** Changed destinations in order; `#start` is the place of the first one kept. */
  #log: string[] = []
  #start = 0
  /** The latest place of each destination in the log. */
  readonly #latest = new Map<string, number>()

  /** `self` gives this node's own entry as it may be told now, `tagOf` which node is meant by a free-form name. */
  constructor(table: RouteTable<N>, self: () => RouteEntry, tagOf: (address: string) => number | undefined = () => undefined) {
    this.#table = table
    this.#self = self
    this.#tagOf = tagOf
    this.#address = self().destination
  }

  /** Everything, or of a leaf at most `rowsMax`, for a neighbour that knows nothing yet. */
  welcome(neighbour: N, rowsMax = 0): RouteEntry[] {
    const visible = this.#rows(rowsMax)
    const listener: Listener<N> = {
      cursor: this.#start + this.#log.length,
      untold: new AddressSet(),
      moved: new AddressSet(),
      visible,
      more: false,
    }
    this.#listeners.set(neighbour, listener)
    const entries = [this.#self()]
    for (const origin of visible ? this.#origins(visible) : this.#table.all()) {
      const entry = this.#entry(neighbour, origin)
      if (entry) entries.push(entry)
      else if (origin.address !== neighbour.address) listener.untold.add(origin.address)
    }
    return entries
  }

  leave(neighbour: N): void {
    this.#listeners.delete(neighbour)
    this.trim()
  }

  /** How many rows the neighbour is told of at most; 0: all. */
  rowsMax(neighbour: N): number {
    return this.#listeners.get(neighbour)?.visible?.max ?? 0
  }

  /** The same, when all rows are visible anyway: nothing has to be told. False: they are not. */
  widen(neighbour: N): boolean {
    const listener = this.#listeners.get(neighbour)
    if (!listener?.visible) return true
    if (this.#hides(listener.visible)) return false
    for (const { address, selected } of this.#table.all()) if (!isTellable(selected)) listener.untold.add(address)
    listener.visible = undefined
    return true
  }

  /** Whether there are more rows than a leaf is told of, when that is news for it. */
  moreNews(neighbour: N): boolean | undefined {
    const listener = this.#listeners.get(neighbour)
    if (!listener) return undefined
    const more = listener.visible !== undefined && this.#hides(listener.visible)
    if (more === listener.more) return undefined
    listener.more = more
    return more
  }

  /** From now on nobody is told of anybody but this node, or of everybody again. */
  setStub(stub: boolean): void {
    this.#stub = stub
    for (const { address } of this.#table.all()) this.changed(address)
  }

  /** What the neighbour knows when it has read all news. */
  digest(neighbour: N): Digest {
    const self = this.#address
    const visible = this.#listeners.get(neighbour)?.visible
    if (this.#stub) return new TableDigest<N>().told(neighbour, self, undefined)
    if (!visible) return this.#table.digest.told(neighbour, self, this.#table.get(neighbour.address))
    return visible.digest().told(neighbour, self, visible.has(neighbour.address) ? this.#table.get(neighbour.address) : undefined)
  }

  /** This destination (or this node itself) has news for the neighbours. */
  changed(address: string): void {
    if (this.#listeners.size === 0) return
    const place = this.#start + this.#log.length
    this.#latest.set(address, place)
    this.#log.push(address)
    if (address === this.#address) return
    for (const rows of this.#visible.values()) this.#follow(rows.changed(address, place))
  }

  /** The route to this destination left one neighbour for another at the same metric: those two hear of it, nobody else (R4). */
  moved(address: string, between: readonly (string | undefined)[]): void {
    for (const [neighbour, { moved }] of this.#listeners) if (between.includes(neighbour.address)) moved.add(address)
  }

  /** An origin is new here: nobody has been told of it. */
  born(address: string): void {
    for (const { untold, visible } of this.#listeners.values()) if (!visible) untold.add(address)
  }

  /** Everybody hears by other means that this origin is gone: there is nothing to withdraw. */
  gone(address: string): void {
    this.#latest.delete(address)
    for (const { untold, moved, visible } of this.#listeners.values()) {
      if (!visible) untold.add(address)
      moved.delete(address)
    }
    for (const rows of this.#visible.values()) this.#follow(rows.gone(address))
  }

  forgotten(address: string): void {
    for (const listener of this.#listeners.values()) {
      listener.untold.delete(address)
      listener.moved.delete(address)
    }
  }

  /** What the neighbour has to be told since the last time. */
  news(neighbour: N): RouteEntry[] {
    const listener = this.#listeners.get(neighbour)
    if (!listener) return []
    const end = this.#start + this.#log.length
    const entries: RouteEntry[] = []
    for (let place = listener.cursor; place < end; place++) {
      const address = this.#log[place - this.#start] as string
      if (this.#latest.get(address) !== place) continue
      listener.moved.delete(address)
      const entry = this.#change(neighbour, listener, address)
      if (entry) entries.push(entry)
    }
    for (const address of listener.moved.all()) {
      const entry = this.#change(neighbour, listener, address)
      if (entry) entries.push(entry)
    }
    listener.moved.clear()
    listener.cursor = end
    return entries
  }

  /** A finite advert of one destination for one neighbour, whether it is news or not; undefined when there is none. */
  answer(neighbour: N, address: string): RouteEntry | undefined {
    const listener = this.#listeners.get(neighbour)
    if (address === this.#address) return this.#self()
    if (listener?.visible && !listener.visible.has(address)) return undefined
    const origin = this.#table.get(address)
    const entry = origin && this.#entry(neighbour, origin)
    if (entry) listener?.untold.delete(address)
    return entry
  }

  #change(neighbour: N, listener: Listener<N>, address: string): RouteEntry | undefined {
    if (address === this.#address) return this.#self()
    if (address === neighbour.address) return undefined
    const { untold, visible, cursor } = listener
    const origin = this.#table.get(address)
    if (visible && !visible.has(address)) {
      const wasTold = visible.leftSince(address, cursor) && !untold.has(address)
      untold.delete(address)
      return wasTold ? withdrawal(address, origin) : undefined
    }
    const entry = origin && this.#entry(neighbour, origin)
    if (entry) {
      untold.delete(address)
      return entry
    }
    if (untold.has(address)) return undefined
    untold.add(address)
    return withdrawal(address, origin)
  }

  #rows(max: number): VisibleRows<N> | undefined {
    const share = max === 0 ? 0 : (rowShares.find((one) => one <= max) ?? rowShares[rowShares.length - 1] ?? 0)
    if (share === 0) return undefined
    const rows = this.#visible.get(share) ?? new VisibleRows(this.#table, share)
    this.#visible.set(share, rows)
    return rows
  }

  *#origins(visible: VisibleRows<N>): IterableIterator<Origin<N>> {
    for (const address of visible.all()) {
      const origin = this.#table.get(address)
      if (origin) yield origin
    }
  }

  #hides(visible: VisibleRows<N>): boolean {
    return !this.#stub && this.#table.digest.count > visible.size
  }

  /** A row came to be visible in place of another. */
  #follow(address: string | undefined): void {
    if (address !== undefined) this.changed(address)
  }

  /** Split horizon (R4): a neighbour never hears of a route that leads through it, nor of one to itself. */
  #entry(neighbour: N, origin: Origin<N>): RouteEntry | undefined {
    const route = origin.selected
    if (this.#stub || !isTellable(route)) return undefined
    if (route.neighbour.address === neighbour.address || origin.address === neighbour.address) return undefined
    const { metric, fragile } = origin
    this.#table.told(origin, route.seq48, metric)
    const entry = { destination: origin.address, seq48: route.seq48, metric, hops: route.hops }
    const tag = this.#tagOf(origin.address)
    return fragile || tag !== undefined ? { ...entry, fragile, tag } : entry
  }

  /** Forgets what all have read. To be called after a round of news; with thousands of listeners, once for all of them. */
  trim(): void {
    if (this.#log.length === 0) return
    let oldest = this.#start + this.#log.length
    for (const { cursor } of this.#listeners.values()) oldest = Math.min(oldest, cursor)
    const gone = oldest - this.#start
    if (gone < 256 && oldest < this.#start + this.#log.length) return
    for (let place = this.#start; place < oldest; place++) {
      const address = this.#log[place - this.#start] as string
      if (this.#latest.get(address) === place) this.#latest.delete(address)
    }
    this.#log = this.#log.slice(gone)
    this.#start = oldest
    for (const rows of this.#visible.values()) rows.trim(oldest)
  }
}

function withdrawal(address: string, origin: Origin<Neighbour> | undefined): RouteEntry {
  return { destination: address, seq48: origin?.feasibility?.seq48 ?? 0, metric: metricInfinite, hops: 0 }
}
