// Who can be reached through whom, and which of the ways is safe. A Babel-like distance vector (RFC 8966): each origin
// numbers its adverts; a route is feasible when it is newer than, or strictly shorter than, the best that this node has
// ever told others, which no route through itself can be. Pure state: no time, no I/O; the router acts on what it returns.

import { metricInfinite, type RouteEntry } from '../wire/control.ts'

/** Routes longer than this are noise: the hop limit of packets is 32. */
export const hopsMax = 48
/** The longest metric that is still a route. */
const metricMax = metricInfinite - 1

/** What the table needs of a link: an identity of its own and a cost. */
export interface Neighbour {
  readonly address: string
  readonly cost: number
}

export interface Route<N extends Neighbour> {
  readonly neighbour: N
  readonly seq48: number
  /** The metric as the neighbour advertised it. */
  readonly advertised: number
  /** Links from here to the origin. */
  readonly hops: number
}

/** The best that was ever told about an origin within one of its numbers. */
export interface Feasibility {
  readonly seq48: number
  readonly metric: number
}

export interface Origin<N extends Neighbour> {
  readonly address: string
  /** Of every neighbour that offers one, feasible or not. */
  readonly routes: Map<N, Route<N>>
  selected: Route<N> | undefined
  feasibility: Feasibility | undefined
  /** When the last route went; for forgetting. */
  lostAt: number | undefined
  /** The table's count of changes when this origin last changed. */
  revision: number
}

export type Selection = 'same' | 'gained' | 'changed' | 'lost'

export function metricOf(route: Route<Neighbour>): number {
  return Math.min(route.advertised + route.neighbour.cost, metricMax)
}

export class RouteTable<N extends Neighbour> {
  readonly #origins = new Map<string, Origin<N>>()
  readonly #originsMax: number
  #revision = 0

  constructor(originsMax: number) {
    this.#originsMax = originsMax
  }

  /** Grows with everything that changes in here. */
  get revision(): number {
    return this.#revision
  }

  get(address: string): Origin<N> | undefined {
    return this.#origins.get(address)
  }

  all(): IterableIterator<Origin<N>> {
    return this.#origins.values()
  }

  /** Takes one advert; undefined when there is no room for another origin. A withdrawal of an unknown origin is nothing. */
  learn(neighbour: N, entry: RouteEntry): { origin: Origin<N>; selection: Selection } | undefined {
    const withdrawn = entry.metric >= metricInfinite || entry.hops >= hopsMax
    let origin = this.#origins.get(entry.destination)
    if (origin === undefined) {
      if (withdrawn || this.#origins.size >= this.#originsMax) return undefined
      origin = { address: entry.destination, routes: new Map(), selected: undefined, feasibility: undefined, lostAt: undefined, revision: 0 }
      this.#origins.set(entry.destination, origin)
    }
    if (withdrawn) origin.routes.delete(neighbour)
    else origin.routes.set(neighbour, { neighbour, seq48: entry.seq48, advertised: entry.metric, hops: entry.hops + 1 })
    return { origin, selection: this.select(origin) }
  }

  /** A link is gone: every route over it goes. */
  drop(neighbour: N): { origin: Origin<N>; selection: Selection }[] {
    const changes: { origin: Origin<N>; selection: Selection }[] = []
    for (const origin of this.#origins.values()) {
      if (origin.routes.delete(neighbour)) changes.push({ origin, selection: this.select(origin) })
    }
    return changes
  }

  /** The shortest route that is feasible now; the present one on ties. */
  select(origin: Origin<N>): Selection {
    const before = origin.selected
    origin.revision = ++this.#revision
    let best: Route<N> | undefined
    for (const route of origin.routes.values()) {
      if (!isFeasible(route, origin.feasibility)) continue
      const shorter = best === undefined || metricOf(route) < metricOf(best)
      const kept = best !== undefined && metricOf(route) === metricOf(best) && route.neighbour === before?.neighbour
      if (shorter || kept) best = route
    }
    origin.selected = best
    if (best === undefined) return before === undefined ? 'same' : 'lost'
    if (before === undefined) return 'gained'
    const same = best.neighbour === before.neighbour && metricOf(best) === metricOf(before) && best.hops === before.hops
    return same ? 'same' : 'changed'
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
    this.#revision++
  }
}

/** Routes exist, and none of them may be used: only a newer number of the origin helps. */
export function isStarving(origin: Origin<Neighbour>): boolean {
  return origin.selected === undefined && origin.routes.size > 0
}

export function isFeasible(route: Route<Neighbour>, feasibility: Feasibility | undefined): boolean {
  return isBetter(route.seq48, route.advertised, feasibility)
}

function isBetter(seq48: number, metric: number, than: Feasibility | undefined): boolean {
  return than === undefined || seq48 > than.seq48 || (seq48 === than.seq48 && metric < than.metric)
}
