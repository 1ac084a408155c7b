// Who can be reached through whom. A Babel-like distance vector (RFC 8966): each origin numbers its adverts, the routes of
// all neighbours are kept, and which of them is taken is decided in route-choice.ts. Pure state without I/O: the
// route exchange acts on what it returns.

import { metricInfinite, type RouteEntry } from '../../wire/control.ts'
import { hopLimitStart } from '../../wire/mesh-packet.ts'
import { Origin, type Neighbour, type Route } from './origin.ts'
import { OriginRows } from './origin-rows.ts'
import { RecordPlacesByOrigin } from './record-places.ts'
import { TableDigest } from './route-digest.ts'
import { chooseRoute, isBetter, isFragile, metricOf, switchAfterMs } from './route-choice.ts'

/** `moved`: another neighbour, and nothing else that the others know. */
export type Selection = 'same' | 'gained' | 'changed' | 'moved' | 'lost'

/** What one advert, or the end of a link, made of an origin. */
export interface Change<N extends Neighbour> {
  readonly origin: Origin<N>
  readonly selection: Selection
  /** The route before. */
  readonly before: Route<N> | undefined
}

export class RouteTable<N extends Neighbour> {
  readonly digest: TableDigest<N> = new TableDigest()
  readonly #origins = new Map<string, Origin<N>>()
  readonly recordPlaces: RecordPlacesByOrigin<N> = new RecordPlacesByOrigin(this.#origins)
  readonly #rows = new OriginRows<N, Origin<N>>()
  readonly #originsMax: number
  readonly #now: () => number
  #revision = 0

  /** `now`: milliseconds of a clock that never goes back. */
  constructor(originsMax: number, now: () => number) {
    this.#originsMax = originsMax
    this.#now = now
  }

  /** Grows with everything that changes in here. */
  get revision(): number {
    return this.#revision
  }

  get size(): number {
    return this.#origins.size
  }

  get(address: string): Origin<N> | undefined {
    return this.#origins.get(address)
  }

  all(): IterableIterator<Origin<N>> {
    return this.#origins.values()
  }

  /** Takes one advert; undefined when there is no room for another origin. A withdrawal of an unknown origin is nothing. */
  learn(neighbour: N, entry: RouteEntry): Change<N> | undefined {
    const withdrawn = entry.metric >= metricInfinite || entry.hops >= hopLimitStart
    let origin = this.#origins.get(entry.destination)
    if (origin === undefined) {
      if (withdrawn || this.#origins.size >= this.#originsMax) return undefined
      origin = new Origin(entry.destination, this.#rows)
      this.recordPlaces.adopt(origin)
      this.#origins.set(entry.destination, origin)
    }
    const selected = origin.selected
    const before = origin.routeOf(neighbour)
    const route = withdrawn
      ? undefined
      : { neighbour, seq48: entry.seq48, advertised: entry.metric, hops: entry.hops + 1, fragile: entry.fragile === true }
    if (route) origin.setRoute(route)
    else origin.deleteRoute(neighbour)
    this.digest.heard(origin.address, before, route)
    return this.select(origin, selected)
  }

  /** The origin itself is gone. */
  clear(origin: Origin<N>): Change<N> {
    for (const route of origin.routes()) this.digest.heard(origin.address, route, undefined)
    const { selected } = origin
    origin.deleteRoutes()
    return this.select(origin, selected)
  }

  /** Takes the routes that have been better for long enough. Called now and then. */
  settle(): Change<N>[] {
    const due = Array.from(this.#rows.betterSince).filter(([, since]) => this.#now() - since >= switchAfterMs)
    return due.map(([origin]) => this.select(origin))
  }

  /** A link is not what it was. */
  reselect(neighbour: N): Change<N>[] {
    const changes: Change<N>[] = []
    for (const origin of this.#origins.values()) if (origin.hasRouteOf(neighbour)) changes.push(this.select(origin))
    return changes
  }

  /** A link is gone: every route over it goes. */
  drop(neighbour: N): Change<N>[] {
    const changes: Change<N>[] = []
    this.digest.left(neighbour)
    for (const origin of this.#origins.values()) {
      if (!origin.hasRouteOf(neighbour)) continue
      const { selected } = origin
      origin.deleteRoute(neighbour)
      changes.push(this.select(origin, selected))
    }
    this.#rows.neighbours.forget(neighbour)
    return changes
  }

  /** Origins without routes, by the time since when. */
  lost(): ReadonlyMap<Origin<N>, number> {
    return this.#rows.lostAt
  }

  /** Chooses anew; `before`: what was selected, as it was then. */
  select(origin: Origin<N>, before: Route<N> | undefined = origin.selected): Change<N> {
    const { metric: metricBefore, fragile: fragileBefore } = origin
    origin.revision = ++this.#revision
    const selected = chooseRoute(origin, this.#now())
    origin.select(selected, selected ? metricOf(selected) : metricInfinite, selected !== undefined && isFragile(selected))
    this.digest.selected(origin, before, metricBefore)
    const selection = selectionOf(before, origin, metricBefore)
    return {
      origin,
      before,
      selection: origin.fragile !== fragileBefore && (selection === 'same' || selection === 'moved') ? 'changed' : selection,
    }
  }

  /** To be called with everything finite that is told about an origin, before it is told (R3). */
  told(origin: Origin<N>, seq48: number, metric: number): void {
    if (!isBetter(seq48, metric, origin.feasibility)) return
    origin.feasibility = { seq48, metric }
    origin.revision = ++this.#revision
  }

  /** Forgets an origin without routes; the next one of that name starts afresh. */
  forget(origin: Origin<N>): void {
    this.#origins.delete(origin.address)
    this.recordPlaces.release(origin)
    origin.release()
    this.#revision++
  }
}

function selectionOf<N extends Neighbour>(before: Route<N> | undefined, { selected, metric }: Origin<N>, metricBefore: number): Selection {
  if (selected === undefined) return before === undefined ? 'same' : 'lost'
  if (before === undefined) return 'gained'
  if (metric !== metricBefore || selected.hops !== before.hops) return 'changed'
  return selected.neighbour === before.neighbour ? 'same' : 'moved'
}
