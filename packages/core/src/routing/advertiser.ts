// What was told to whom, without a table for each neighbour: one shared log of changed destinations, a cursor into it
// per neighbour, and a set of the destinations that a neighbour has not been told (it is their next hop, or they are gone).

import { metricInfinite, type RouteEntry } from '../wire/control.ts'
import type { Neighbour, Origin } from './origin.ts'
import { isTellable } from './route-digest.ts'
import type { RouteTable } from './route-table.ts'

interface Listener {
  /** Place in the log up to which everything was told. */
  cursor: number
  /** Known origins of which the neighbour holds no finite advert of ours. */
  readonly untold: Set<string>
  /** Destinations that only this neighbour has to be told anew: their route led through it, or does so now. */
  readonly moved: Set<string>
}

export class Advertiser<N extends Neighbour> {
  readonly #table: RouteTable<N>
  readonly #self: () => RouteEntry
  readonly #listeners = new Map<N, Listener>()
  /** Changed destinations in order; `#start` is the place of the first one kept. */
  #log: string[] = []
  #start = 0
  /** The latest place of each destination in the log. */
  readonly #latest = new Map<string, number>()

  /** `self` gives this node's own entry as it may be told now. */
  constructor(table: RouteTable<N>, self: () => RouteEntry) {
    this.#table = table
    this.#self = self
  }

  /** Everything, for a neighbour that knows nothing yet. */
  welcome(neighbour: N): RouteEntry[] {
    const listener: Listener = { cursor: this.#start + this.#log.length, untold: new Set(), moved: new Set() }
    this.#listeners.set(neighbour, listener)
    const entries = [this.#self()]
    for (const origin of this.#table.all()) {
      const entry = this.#entry(neighbour, origin)
      if (entry) entries.push(entry)
      else listener.untold.add(origin.address)
    }
    return entries
  }

  leave(neighbour: N): void {
    this.#listeners.delete(neighbour)
    this.#trim()
  }

  /** This destination (or this node itself) has news for the neighbours. */
  changed(address: string): void {
    if (this.#listeners.size === 0) return
    this.#latest.set(address, this.#start + this.#log.length)
    this.#log.push(address)
  }

  /** The route to this destination left one neighbour for another at the same metric: those two hear of it, nobody else (R4). */
  moved(address: string, between: readonly (string | undefined)[]): void {
    for (const [neighbour, { moved }] of this.#listeners) if (between.includes(neighbour.address)) moved.add(address)
  }

  /** An origin is new here: nobody has been told of it. */
  born(address: string): void {
    for (const listener of this.#listeners.values()) listener.untold.add(address)
  }

  /** Everybody hears by other means that this origin is gone: there is nothing to withdraw. */
  gone(address: string): void {
    this.#latest.delete(address)
    for (const { untold, moved } of this.#listeners.values()) {
      untold.add(address)
      moved.delete(address)
    }
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
    for (const address of listener.moved) {
      const entry = this.#change(neighbour, listener, address)
      if (entry) entries.push(entry)
    }
    listener.moved.clear()
    listener.cursor = end
    this.#trim()
    return entries
  }

  /** A finite advert of one destination for one neighbour, whether it is news or not; undefined when there is none. */
  answer(neighbour: N, address: string): RouteEntry | undefined {
    const listener = this.#listeners.get(neighbour)
    const self = this.#self()
    if (address === self.destination) return self
    const origin = this.#table.get(address)
    const entry = origin && this.#entry(neighbour, origin)
    if (entry) listener?.untold.delete(address)
    return entry
  }

  #change(neighbour: N, listener: Listener, address: string): RouteEntry | undefined {
    const self = this.#self()
    if (address === self.destination) return self
    const origin = this.#table.get(address)
    const entry = origin && this.#entry(neighbour, origin)
    if (entry) {
      listener.untold.delete(address)
      return entry
    }
    if (listener.untold.has(address)) return undefined
    listener.untold.add(address)
    return { destination: address, seq48: origin?.feasibility?.seq48 ?? 0, metric: metricInfinite, hops: 0 }
  }

  /** Split horizon (R4): a neighbour never hears of a route that leads through it, nor of one to itself. */
  #entry(neighbour: N, origin: Origin<N>): RouteEntry | undefined {
    const route = origin.selected
    if (!isTellable(route)) return undefined
    if (route.neighbour.address === neighbour.address || origin.address === neighbour.address) return undefined
    const { metric, fragile } = origin
    this.#table.told(origin, route.seq48, metric)
    const entry = { destination: origin.address, seq48: route.seq48, metric, hops: route.hops }
    return fragile ? { ...entry, fragile } : entry
  }

  #trim(): void {
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
  }
}
