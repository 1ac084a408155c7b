// Who can be reached through whom. A Babel-like distance vector (RFC 8966): each origin numbers its adverts, the routes of
// all neighbours are kept, and which of them is taken is decided in route-choice.ts. Pure state without I/O: the
// route exchange acts on what it returns.

import { metricInfinite, type RouteEntry } from '../wire/control.ts'
import { hopsMax, TableDigest } from './route-digest.ts'
import { chooseRoute, isBetter, isFragile, metricOf, switchAfterMs } from './route-choice.ts'

/** What the table needs of a link: an identity of its own and a cost. */
export interface Neighbour {
  readonly address: string
  readonly cost: number
  /** Its link closes soon. */
  readonly retiring: boolean
}

export interface Route<N extends Neighbour> {
  readonly neighbour: N
  readonly seq48: number
  /** The metric as the neighbour advertised it. */
  readonly advertised: number
  /** Links from here to the origin. */
  readonly hops: number
  /** A link beyond the neighbour closes soon. */
  readonly fragile: boolean
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
  /** Of the selected route when it was selected; infinite without one. */
  metric: number
  /** Whether the selected route was about to break then. */
  fragile: boolean
  /** Since when a route is known that is better, but not clearly so. */
  betterSince: number | undefined
  feasibility: Feasibility | undefined
  /** When the last route went; for forgetting. */
  lostAt: number | undefined
  /** The table's count of changes when this origin last changed. */
  revision: number
}

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
  readonly #originsMax: number
  readonly #now: () => number
  readonly #wavering = new Set<Origin<N>>()
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
    const withdrawn = entry.metric >= metricInfinite || entry.hops >= hopsMax
    let origin = this.#origins.get(entry.destination)
    if (origin === undefined) {
      if (withdrawn || this.#origins.size >= this.#originsMax) return undefined
      origin = { address: entry.destination, routes: new Map(), selected: undefined, metric: metricInfinite, fragile: false, betterSince: undefined, feasibility: undefined, lostAt: undefined, revision: 0 }
      this.#origins.set(entry.destination, origin)
    }
    const before = origin.routes.get(neighbour)
    const route = withdrawn ? undefined : { neighbour, seq48: entry.seq48, advertised: entry.metric, hops: entry.hops + 1, fragile: entry.fragile === true }
    if (route) origin.routes.set(neighbour, route)
    else origin.routes.delete(neighbour)
    this.digest.heard(origin.address, before, route)
    return this.select(origin)
  }

  /** The origin itself is gone. */
  clear(origin: Origin<N>): Change<N> {
    for (const route of origin.routes.values()) this.digest.heard(origin.address, route, undefined)
    origin.routes.clear()
    return this.select(origin)
  }

  /** Takes the routes that have been better for long enough. Called now and then. */
  settle(): Change<N>[] {
    const due = Array.from(this.#wavering).filter(({ betterSince }) => this.#now() - (betterSince ?? Infinity) >= switchAfterMs)
    return due.map((origin) => this.select(origin))
  }

  /** A link is not what it was. */
  reselect(neighbour: N): Change<N>[] {
    return Array.from(this.#origins.values()).flatMap((origin) => (origin.routes.has(neighbour) ? [this.select(origin)] : []))
  }

  /** A link is gone: every route over it goes. */
  drop(neighbour: N): Change<N>[] {
    const changes: Change<N>[] = []
    this.digest.left(neighbour)
    for (const origin of this.#origins.values()) {
      if (origin.routes.delete(neighbour)) changes.push(this.select(origin))
    }
    return changes
  }

  /** Chooses anew. */
  select(origin: Origin<N>): Change<N> {
    const before = origin.selected
    const { metric: metricBefore, fragile: fragileBefore } = origin
    origin.revision = ++this.#revision
    origin.selected = chooseRoute(origin, this.#now())
    if (origin.betterSince === undefined) this.#wavering.delete(origin)
    else this.#wavering.add(origin)
    origin.metric = origin.selected ? metricOf(origin.selected) : metricInfinite
    origin.fragile = origin.selected !== undefined && isFragile(origin.selected)
    this.digest.selected(origin, before, metricBefore)
    const selection = selectionOf(before, origin, metricBefore)
    return { origin, before, selection: origin.fragile !== fragileBefore && (selection === 'same' || selection === 'moved') ? 'changed' : selection }
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
    this.#wavering.delete(origin)
    this.#revision++
  }
}

function selectionOf<N extends Neighbour>(before: Route<N> | undefined, { selected, metric }: Origin<N>, metricBefore: number): Selection {
  if (selected === undefined) return before === undefined ? 'same' : 'lost'
  if (before === undefined) return 'gained'
  if (metric !== metricBefore || selected.hops !== before.hops) return 'changed'
  return selected.neighbour === before.neighbour ? 'same' : 'moved'
}
