// One node that can be reached, and the ways to it. The numbers of all this stand in rows that all origins share
// (origin-rows.ts); a Route is made of them when somebody looks.

import { metricInfinite } from '../../wire/control.ts'
import { originRow, routeRow, type OriginRows } from './origin-rows.ts'
import { setU48, u48At } from './packed-rows.ts'

/** What the table needs of a link: an identity of its own and a cost. */
export interface Neighbour {
  readonly address: string
  readonly cost: number
  /** Its link closes soon. */
  readonly retiring: boolean
  /** The link is a radio of little power: whoever is at its other end is reached over it, and nobody else for others. Default false. */
  readonly lowPower?: boolean | undefined
}

/** As it is at the moment of asking: two of them are the same way when their neighbour is the same. */
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

/** Bits of an origin's `flags`. */
const flags = { told: 1, selected: 2, fragile: 4, announced: 8 } as const

export class Origin<N extends Neighbour> {
  readonly address: string
  readonly #rows: OriginRows<N, Origin<N>>
  readonly #row: number

  constructor(address: string, rows: OriginRows<N, Origin<N>>) {
    this.address = address
    this.#rows = rows
    this.#row = rows.origins.take()
    this.#view.setUint16(this.#row + originRow.metric, metricInfinite)
  }

  /** Nobody asks for it any more. */
  release(): void {
    this.deleteRoutes()
    this.betterSince = undefined
    this.lostAt = undefined
    this.#rows.origins.give(this.#row)
  }

  /** Since when a route is known that is better, but not clearly so. */
  get betterSince(): number | undefined {
    return this.#rows.betterSince.get(this)
  }

  set betterSince(since: number | undefined) {
    if (since === undefined) this.#rows.betterSince.delete(this)
    else this.#rows.betterSince.set(this, since)
  }

  /** When the last route went; for forgetting. */
  get lostAt(): number | undefined {
    return this.#rows.lostAt.get(this)
  }

  set lostAt(at: number | undefined) {
    if (at === undefined) this.#rows.lostAt.delete(this)
    else this.#rows.lostAt.set(this, at)
  }

  /** The table's count of changes when this origin last changed. */
  get revision(): number {
    return u48At(this.#view, this.#row + originRow.revision)
  }

  set revision(count: number) {
    setU48(this.#view, this.#row + originRow.revision, count)
  }

  /** The levels above were told that it can be reached. */
  get announced(): boolean {
    return this.#has(flags.announced)
  }

  set announced(announced: boolean) {
    this.#set(flags.announced, announced)
  }

  /** Where its record is kept, for who keeps it. */
  get recordPlace(): number | undefined {
    const place = this.#view.getUint32(this.#row + originRow.record)
    return place === 0 ? undefined : place - 1
  }

  set recordPlace(place: number | undefined) {
    this.#view.setUint32(this.#row + originRow.record, place === undefined ? 0 : place + 1)
  }

  get feasibility(): Feasibility | undefined {
    if (!this.#has(flags.told)) return undefined
    return { seq48: u48At(this.#view, this.#row + originRow.toldSeq), metric: this.#view.getUint16(this.#row + originRow.toldMetric) }
  }

  set feasibility({ seq48, metric }: Feasibility) {
    this.#set(flags.told, true)
    setU48(this.#view, this.#row + originRow.toldSeq, seq48)
    this.#view.setUint16(this.#row + originRow.toldMetric, metric)
  }

  /** The way that is taken, as it is now: to be chosen anew when it has changed. */
  get selected(): Route<N> | undefined {
    const at = this.#has(flags.selected) ? this.#placeOf(this.#view.getUint16(this.#row + originRow.via)) : -1
    return at < 0 ? undefined : this.#route(at)
  }

  /** The neighbour of the selected route: what forwarding asks for with every packet. */
  get nextHop(): N | undefined {
    return this.#has(flags.selected) ? this.#rows.neighbours.at(this.#view.getUint16(this.#row + originRow.via)) : undefined
  }

  /** Of the selected route when it was selected; infinite without one. */
  get metric(): number {
    return this.#view.getUint16(this.#row + originRow.metric)
  }

  /** Of the selected route when it was selected. */
  get hops(): number {
    return this.#view.getUint8(this.#row + originRow.hops)
  }

  /** Whether the selected route was about to break then. */
  get fragile(): boolean {
    return this.#has(flags.fragile)
  }

  select(route: Route<N> | undefined, metric: number, fragile: boolean): void {
    this.#set(flags.selected, route !== undefined)
    this.#set(flags.fragile, fragile)
    this.#view.setUint16(this.#row + originRow.via, route ? this.#rows.neighbours.of(route.neighbour) : 0)
    this.#view.setUint16(this.#row + originRow.metric, metric)
    this.#view.setUint8(this.#row + originRow.hops, route?.hops ?? 0)
  }

  get routeCount(): number {
    let count = 0
    for (let at = this.#first; at >= 0; at = this.#after(at)) count++
    return count
  }

  /** Of every neighbour that offers one, feasible or not, in the order in which they came. */
  routes(): Route<N>[] {
    const routes: Route<N>[] = []
    for (let at = this.#first; at >= 0; at = this.#after(at)) routes.push(this.#route(at))
    return routes
  }

  routeOf(neighbour: N): Route<N> | undefined {
    const at = this.#placeOf(this.#rows.neighbours.of(neighbour))
    return at < 0 ? undefined : this.#route(at)
  }

  hasRouteOf(neighbour: N): boolean {
    return this.#placeOf(this.#rows.neighbours.of(neighbour)) >= 0
  }

  setRoute({ neighbour, seq48, advertised, hops, fragile }: Route<N>): void {
    const via = this.#rows.neighbours.of(neighbour)
    let at = this.#placeOf(via)
    if (at < 0) at = this.#append(via)
    const { view } = this.#rows.routes
    setU48(view, at + routeRow.seq, seq48)
    view.setUint16(at + routeRow.metric, advertised)
    view.setUint8(at + routeRow.hops, hops)
    view.setUint8(at + routeRow.fragile, fragile ? 1 : 0)
  }

  /** False: there was none. */
  deleteRoute(neighbour: N): boolean {
    const via = this.#rows.neighbours.of(neighbour)
    let before = -1
    for (let at = this.#first; at >= 0; before = at, at = this.#after(at)) {
      if (this.#viaOf(at) !== via) continue
      this.#chain(before, this.#after(at))
      this.#rows.routes.give(at)
      return true
    }
    return false
  }

  deleteRoutes(): void {
    for (let at = this.#first; at >= 0;) {
      const gone = at
      at = this.#after(at)
      this.#rows.routes.give(gone)
    }
    this.#chain(-1, -1)
  }

  get #view(): DataView {
    return this.#rows.origins.view
  }

  #has(flag: number): boolean {
    return (this.#view.getUint8(this.#row + originRow.flags) & flag) !== 0
  }

  #set(flag: number, on: boolean): void {
    const at = this.#row + originRow.flags
    const others = this.#view.getUint8(at) & ~flag
    this.#view.setUint8(at, on ? others | flag : others)
  }

  /** The row of the first route; −1: there is none. */
  get #first(): number {
    return this.#view.getUint32(this.#row + originRow.first) - 1
  }

  #after(at: number): number {
    return this.#rows.routes.view.getUint32(at + routeRow.next) - 1
  }

  #viaOf(at: number): number {
    return this.#rows.routes.view.getUint16(at + routeRow.via)
  }

  /** `next` comes after the route at `before`, or first. */
  #chain(before: number, next: number): void {
    if (before < 0) this.#view.setUint32(this.#row + originRow.first, next + 1)
    else this.#rows.routes.view.setUint32(before + routeRow.next, next + 1)
  }

  #append(via: number): number {
    const place = this.#rows.routes.take()
    this.#rows.routes.view.setUint16(place + routeRow.via, via)
    let last = -1
    for (let at = this.#first; at >= 0; at = this.#after(at)) last = at
    this.#chain(last, place)
    return place
  }

  #placeOf(via: number): number {
    for (let at = this.#first; at >= 0; at = this.#after(at)) if (this.#viaOf(at) === via) return at
    return -1
  }

  #route(at: number): Route<N> {
    const { view } = this.#rows.routes
    return {
      neighbour: this.#rows.neighbours.at(this.#viaOf(at)),
      seq48: u48At(view, at + routeRow.seq),
      advertised: view.getUint16(at + routeRow.metric),
      hops: view.getUint8(at + routeRow.hops),
      fragile: view.getUint8(at + routeRow.fragile) === 1,
    }
  }
}
