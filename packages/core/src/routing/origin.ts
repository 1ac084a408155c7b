// One node that can be reached, and the ways to it. A node of a large network knows thousands of origins by six ways each,
// so the numbers of all this stand in one array per origin; a Route is made of them when somebody looks.

import { metricInfinite } from '../wire/control.ts'
import type { NeighbourNumbers } from './neighbour-numbers.ts'

/** What the table needs of a link: an identity of its own and a cost. */
export interface Neighbour {
  readonly address: string
  readonly cost: number
  /** Its link closes soon. */
  readonly retiring: boolean
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

// Places in the array of an origin. Behind them, two numbers for each route: its seq48, and the rest of it packed.
const feasibleSeq = 0
const feasibleMetric = 1
const selectedSeq = 2
const selectedRest = 3
/** metric × 2 + fragile, of the selected route when it was selected. */
const chosen = 4
const revision = 5
const head = 6
const none = -1

export class Origin<N extends Neighbour> {
  readonly address: string
  /** Since when a route is known that is better, but not clearly so. */
  betterSince: number | undefined
  /** When the last route went; for forgetting. */
  lostAt: number | undefined
  readonly #neighbours: NeighbourNumbers<N>
  #numbers: number[] = [none, 0, none, 0, metricInfinite * 2, 0]

  constructor(address: string, neighbours: NeighbourNumbers<N>) {
    this.address = address
    this.#neighbours = neighbours
  }

  /** The table's count of changes when this origin last changed. */
  get revision(): number {
    return this.#numbers[revision]!
  }

  set revision(count: number) {
    this.#numbers[revision] = count
  }

  get feasibility(): Feasibility | undefined {
    const seq48 = this.#numbers[feasibleSeq]!
    return seq48 === none ? undefined : { seq48, metric: this.#numbers[feasibleMetric]! }
  }

  set feasibility(feasibility: Feasibility) {
    this.#numbers[feasibleSeq] = feasibility.seq48
    this.#numbers[feasibleMetric] = feasibility.metric
  }

  /** The way that is taken, as it was when it was selected. */
  get selected(): Route<N> | undefined {
    return this.#numbers[selectedSeq] === none ? undefined : this.#route(selectedSeq)
  }

  /** The neighbour of the selected route: what forwarding asks for with every packet. */
  get nextHop(): N | undefined {
    return this.#numbers[selectedSeq] === none ? undefined : this.#neighbours.at(neighbourOf(this.#numbers[selectedRest]!))
  }

  /** Of the selected route when it was selected; infinite without one. */
  get metric(): number {
    return Math.floor(this.#numbers[chosen]! / 2)
  }

  /** Whether the selected route was about to break then. */
  get fragile(): boolean {
    return this.#numbers[chosen]! % 2 === 1
  }

  select(route: Route<N> | undefined, metric: number, fragile: boolean): void {
    this.#numbers[selectedSeq] = route?.seq48 ?? none
    this.#numbers[selectedRest] = route ? pack(route, this.#neighbours.of(route.neighbour)) : 0
    this.#numbers[chosen] = metric * 2 + (fragile ? 1 : 0)
  }

  get routeCount(): number {
    return (this.#numbers.length - head) / 2
  }

  /** Of every neighbour that offers one, feasible or not, in the order in which they came. */
  routes(): Route<N>[] {
    const routes: Route<N>[] = []
    for (let at = head; at < this.#numbers.length; at += 2) routes.push(this.#route(at))
    return routes
  }

  routeOf(neighbour: N): Route<N> | undefined {
    const at = this.#placeOf(neighbour)
    return at < 0 ? undefined : this.#route(at)
  }

  hasRouteOf(neighbour: N): boolean {
    return this.#placeOf(neighbour) >= 0
  }

  setRoute(route: Route<N>): void {
    let at = this.#placeOf(route.neighbour)
    if (at < 0) {
      at = this.#numbers.length
      this.#numbers = resized(this.#numbers, at + 2)
    }
    this.#numbers[at] = route.seq48
    this.#numbers[at + 1] = pack(route, this.#neighbours.of(route.neighbour))
  }

  /** False: there was none. */
  deleteRoute(neighbour: N): boolean {
    const at = this.#placeOf(neighbour)
    if (at < 0) return false
    this.#numbers.copyWithin(at, at + 2)
    this.#numbers = resized(this.#numbers, this.#numbers.length - 2)
    return true
  }

  deleteRoutes(): void {
    this.#numbers = resized(this.#numbers, head)
  }

  #placeOf(neighbour: N): number {
    const number = this.#neighbours.of(neighbour)
    for (let at = head; at < this.#numbers.length; at += 2) if (neighbourOf(this.#numbers[at + 1]!) === number) return at
    return -1
  }

  #route(at: number): Route<N> {
    const rest = this.#numbers[at + 1]!
    return {
      neighbour: this.#neighbours.at(neighbourOf(rest)), seq48: this.#numbers[at]!, advertised: Math.floor(rest / 512) % 65_536,
      hops: Math.floor(rest / 2) % 256, fragile: rest % 2 === 1,
    }
  }
}

/** The neighbour's number, then metric (16 bits), hops (8 bits) and whether it is fragile (1 bit). */
function pack({ advertised, hops, fragile }: Route<Neighbour>, neighbour: number): number {
  return ((neighbour * 65_536 + advertised) * 256 + hops) * 2 + (fragile ? 1 : 0)
}

function neighbourOf(rest: number): number {
  return Math.floor(rest / 33_554_432)
}

/** A copy of exactly that length: an array that grows by itself keeps room for as much again. */
function resized(numbers: readonly number[], length: number): number[] {
  const copy = new Array<number>(length)
  for (let at = 0; at < length; at++) copy[at] = numbers[at] ?? 0
  return copy
}
