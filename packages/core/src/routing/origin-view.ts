// Looking at the table of a running router without touching it: for traces, maps of the network and the simulator, which
// holds every one of these against its invariants. A view is live: each property says what is so when it is read.

import type { Link } from '../link/link.ts'
import type { LinkNeighbour } from './link-neighbour.ts'
import type { Feasibility, Origin, Route } from './table/origin.ts'
import { isFeasible, metricOf } from './table/route-choice.ts'

/** One way to an origin, through one neighbour, as it is at the moment of asking. */
export interface RouteView {
  /** The neighbour's address. */
  readonly via: string
  /** Two links may lead to one neighbour. */
  readonly link: Link
  readonly seq48: number
  /** The metric as the neighbour advertised it. */
  readonly advertised: number
  /** What was advertised and the cost of the link. */
  readonly metric: number
  /** Links from here to the origin. */
  readonly hops: number
  /** It may be used: it cannot lead back here. */
  readonly feasible: boolean
}

/** What this node knows of the ways to one other. Kept after the last route went, until the origin is forgotten. */
export interface OriginView {
  readonly address: string
  /** Grows whenever anything below may have changed; no two changes of one router give the same number. */
  readonly revision: number
  /** The way that packets take; undefined: there is none. */
  readonly selected: RouteView | undefined
  /** The best that this node ever told others of this origin, by which ways are judged. */
  readonly feasibility: Feasibility | undefined
  /** Every neighbour's, feasible or not. */
  readonly routes: readonly RouteView[]
}

export class LiveOriginView implements OriginView {
  readonly #origin: Origin<LinkNeighbour>

  constructor(origin: Origin<LinkNeighbour>) {
    this.#origin = origin
  }

  get address(): string {
    return this.#origin.address
  }

  get revision(): number {
    return this.#origin.revision
  }

  get selected(): RouteView | undefined {
    const { selected, feasibility } = this.#origin
    return selected && viewOf(selected, feasibility)
  }

  get feasibility(): Feasibility | undefined {
    return this.#origin.feasibility
  }

  get routes(): readonly RouteView[] {
    const { feasibility } = this.#origin
    return this.#origin.routes().map((route) => viewOf(route, feasibility))
  }
}

function viewOf(route: Route<LinkNeighbour>, feasibility: Feasibility | undefined): RouteView {
  const { neighbour, seq48, advertised, hops } = route
  const feasible = isFeasible(route, feasibility)
  return { via: neighbour.address, link: neighbour.link, seq48, advertised, metric: metricOf(route), hops, feasible }
}
