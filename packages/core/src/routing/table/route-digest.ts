// What a neighbour was told, and what was heard of it, each in one number, so that hard state needs no periodic dumps
// (R10): the sum of a hash of each entry. Sums do not depend on order, so they follow every change at once, and what one
// neighbour was told is the sum over all routes less that of the few it is not told of: no map per neighbour.

import { metricInfinite, type Digest } from '../../wire/control.ts'
import { hopLimitStart } from '../../wire/mesh-packet.ts'
import type { Neighbour, Origin, Route } from './origin.ts'
import { isPrivate } from './route-choice.ts'

/** A route that the others may hear of. One as long as packets go would lead them nowhere (R13). */
export function isTellable(route: Route<Neighbour> | undefined): route is Route<Neighbour> {
  return route !== undefined && route.hops < hopLimitStart && !isPrivate(route)
}

/** 32 bits. Numbers of origins are left out: a mere new number is told to nobody (R9). */
export function entryHash(destination: string, metric: number, hops: number): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < destination.length; at++) hash = Math.imul(hash ^ destination.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (metric * 64 + hops), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

export class RunningDigest implements Digest {
  hash = 0
  count = 0

  add(destination: string, metric: number, hops: number): void {
    this.addHash(entryHash(destination, metric, hops))
  }

  remove(destination: string, metric: number, hops: number): void {
    this.removeHash(entryHash(destination, metric, hops))
  }

  addHash(hash: number): void {
    this.hash = (this.hash + hash) >>> 0
    this.count++
  }

  removeHash(hash: number): void {
    this.hash = (this.hash - hash) >>> 0
    this.count--
  }
}

/** The sums of one table. It has to hear of each selection and of each entry that is kept or dropped. */
export class TableDigest<N extends Neighbour> {
  readonly #all = new RunningDigest()
  /** By next hop: nobody is told of a way through itself. */
  readonly #through = new Map<string, RunningDigest>()
  readonly #heard = new Map<N, RunningDigest>()

  /** Destinations that others may hear of. */
  get count(): number {
    return this.#all.count
  }

  selected(origin: Origin<N>, before: Route<N> | undefined, metricBefore: number): void {
    if (isTellable(before)) this.#count('removeHash', before.neighbour.address, origin.address, metricBefore, before.hops)
    const { selected, metric } = origin
    if (isTellable(selected)) this.#count('addHash', selected.neighbour.address, origin.address, metric, selected.hops)
  }

  heard(address: string, before: Route<N> | undefined, after: Route<N> | undefined): void {
    const neighbour = (before ?? after)?.neighbour
    if (neighbour === undefined) return
    const heard = this.#heard.get(neighbour) ?? new RunningDigest()
    this.#heard.set(neighbour, heard)
    if (before) heard.remove(address, before.advertised, before.hops - 1)
    if (after) heard.add(address, after.advertised, after.hops - 1)
  }

  left(neighbour: N): void {
    this.#heard.delete(neighbour)
  }

  /** What `neighbour` should know of this node by now; `itself` is the neighbour as an origin, if it is one. */
  told(neighbour: N, self: string, itself: Origin<N> | undefined): RunningDigest {
    const told = new RunningDigest()
    const through = this.#through.get(neighbour.address)
    told.hash = (this.#all.hash - (through?.hash ?? 0)) >>> 0
    told.count = this.#all.count - (through?.count ?? 0)
    told.add(self, 0, 0)
    const way = itself?.selected
    if (itself && isTellable(way) && way.neighbour.address !== neighbour.address) told.remove(itself.address, itself.metric, way.hops)
    return told
  }

  /** How many entries of `neighbour` this table kept. */
  keptCount(neighbour: N): number {
    return this.#heard.get(neighbour)?.count ?? 0
  }

  /** What `neighbour` said and this table kept. A copy. */
  kept(neighbour: N): RunningDigest {
    const kept = new RunningDigest()
    const heard = this.#heard.get(neighbour)
    kept.hash = heard?.hash ?? 0
    kept.count = heard?.count ?? 0
    return kept
  }

  #count(what: 'addHash' | 'removeHash', via: string, address: string, metric: number, hops: number): void {
    if (metric >= metricInfinite) return
    const through = this.#through.get(via) ?? new RunningDigest()
    const hash = entryHash(address, metric, hops)
    this.#all[what](hash)
    through[what](hash)
    if (through.count > 0) this.#through.set(via, through)
    else this.#through.delete(via)
  }
}
