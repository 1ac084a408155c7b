// What must hold in every world after every event, whatever was done to it: held against the live views of all routers,
// of which only the one that has just done something, and of it only what changed, is looked at.
//
//   I1  for each destination the selected routes form no circle
//   I2  a feasibility distance never gets worse while its origin is remembered
//   I3  the selected route is feasible, or was, and its next hop holds itself to less in the same number
//   I4  whatever a neighbour holds of a node, that node's feasibility distance is at least as good
//   I10 no table outgrows what there is to know
//
// A node that lies is no part of this: routes end at it, and what it said binds nobody.

import type { OriginView, RouteView } from '../../routing/origin-view.ts'
import type { RoutedWorld, SimProcess } from './routed-world.ts'
import { SimChannel } from './sim-channel.ts'
import type { SimNode } from './sim-node.ts'

/** Tables that hold one thing of each node. */
const ofNodes: ReadonlySet<string> = new Set(['origins', 'records', 'unproven', 'wants', 'asked'])

interface Known {
  feasibility: { readonly seq48: number; readonly metric: number } | undefined
  /** Of the selected route, and since when. */
  via: string | undefined
  since: number
  /** Of the link to it, when it is a neighbour. */
  cost: number | undefined
}

interface Watched {
  revision: number
  links: number
  readonly origins: Map<string, Known>
}

/** Holds a world against I1 … I10; what does not hold is thrown. */
export class Invariants {
  /** Times that a selected route changed. */
  routeChanges = 0
  /** Origins looked at. */
  checks = 0
  readonly #world: RoutedWorld
  readonly #broken: (what: string) => never
  readonly #watched = new Map<SimProcess, Watched>()

  /** `broken` is told what does not hold, and throws. */
  constructor(world: RoutedWorld, broken: (what: string) => never) {
    this.#world = world
    this.#broken = broken
  }

  /** To be called after each turn of a process. */
  performed(node: SimNode): void {
    const process = this.#world.processIn(node)
    if (process === undefined) return
    const { router } = process
    let watched = this.#watched.get(process)
    if (watched === undefined) this.#watched.set(process, (watched = { revision: 0, links: 0, origins: new Map() }))
    const { revision } = router
    if (revision === watched.revision) return
    watched.links = router.links().length
    for (const origin of router.origins(watched.revision)) this.#origin(process, watched, origin)
    watched.revision = revision
    for (const { table, size, max } of router.sizes()) {
      if (table === 'origins' && size < watched.origins.size) this.#forgotten(process, watched)
      // There is something of every node at most, and nobody else to speak of, as long as nobody invents any.
      if (size > (this.#world.hasLiars || !ofNodes.has(table) ? max : Math.min(max, this.#world.topology.nodes)))
        this.#broken(`I10: ${process.name} has ${size} of ${table} in a world of ${this.#world.topology.nodes}`)
    }
  }

  /** When the selected route of a process to a destination last changed. */
  changedAt(process: SimProcess, destination: string): number {
    return this.#watched.get(process)?.origins.get(destination)?.since ?? process.startedAt
  }

  /** Who is at the other end of a route's link, if it is one of the world's routers and still the same process. */
  next({ link }: RouteView): SimProcess | undefined {
    const { channel } = link
    const node = channel instanceof SimChannel ? channel.other?.node : undefined
    return node && this.#world.processIn(node)
  }

  /** As `next`, and the other end of the link is still open: what is sent there arrives. */
  joinedTo(route: RouteView): SimProcess | undefined {
    const { channel } = route.link
    return channel instanceof SimChannel && channel.other?.open === true ? this.next(route) : undefined
  }

  #origin(process: SimProcess, watched: Watched, origin: OriginView): void {
    this.checks += 1
    const { address, feasibility, selected } = origin
    let known = watched.origins.get(address)
    if (known === undefined) watched.origins.set(address, (known = { feasibility: undefined, via: undefined, since: 0, cost: undefined }))
    if (!atLeastAsGood(feasibility, known.feasibility)) {
      this.#broken(
        `I2: ${process.name} forgot how near it was to ${this.#name(address)}: ${said(known.feasibility)}, now ${said(feasibility)}`,
      )
    }
    known.feasibility = feasibility
    if (
      selected !== undefined &&
      feasibility !== undefined &&
      !isBetter(selected, feasibility) &&
      !this.#clings(selected, address, feasibility)
    ) {
      this.#broken(
        `I3: ${process.name} selected an unfeasible route to ${this.#name(address)}: ${said(selected)} against ${said(feasibility)}`,
      )
    }
    if (selected?.via !== known.via) {
      known.via = selected?.via
      known.since = this.#world.network.clock.now()
      this.routeChanges += 1
      if (selected !== undefined) this.#walk(process, address)
    }
    this.#heldRoutes(process, origin, { known, links: watched.links })
  }

  /** A next hop that became dearer is kept. Of one that is gone nobody can say any more what it held itself to. */
  #clings(selected: RouteView, destination: string, feasibility: Distance): boolean {
    if (selected.seq48 !== feasibility.seq48 || selected.via === destination) return false
    const next = this.next(selected)
    if (next === undefined) return true
    const held = next.router.origin(destination)?.feasibility
    return held !== undefined && (held.seq48 > feasibility.seq48 || (held.seq48 === feasibility.seq48 && held.metric < feasibility.metric))
  }

  #walk(from: SimProcess, destination: string): void {
    const way = [from.name]
    let at: SimProcess | undefined = from
    while (way.length <= this.#world.topology.nodes + 1) {
      const selected: RouteView | undefined = at.router.origin(destination)?.selected
      at = selected && this.next(selected)
      if (at === undefined || at.router.address === destination) return
      way.push(at.name)
    }
    this.#broken(`I1: packets for ${this.#name(destination)} go in a circle: ${way.slice(0, 6).join(' > ')} …`)
  }

  /** What is the shortest way is another question now; that there is one is not. */
  #cost(known: Known, cost: number): void {
    if (known.cost !== undefined && known.cost !== cost) this.#world.lastCostChangeAt = this.#world.network.clock.now()
    known.cost = cost
  }

  #heldRoutes(process: SimProcess, { address, routes }: OriginView, { known, links }: { known: Known; links: number }): void {
    if (routes.length > links) {
      this.#broken(`I10: ${process.name} has ${routes.length} routes to ${this.#name(address)} over ${links} links`)
    }
    for (const route of routes) {
      if (route.via === address) this.#cost(known, route.metric - route.advertised)
      const teller = this.next(route)
      if (teller === undefined || teller.router.address === address) continue
      const told = teller.router.origin(address)
      if (told === undefined || atLeastAsGood(told.feasibility, { seq48: route.seq48, metric: route.advertised })) continue
      this.#broken(
        `I4: ${process.name} heard of ${this.#name(address)} from ${teller.name}: ${said(route)}, which holds itself to ${said(told.feasibility)}`,
      )
    }
  }

  #forgotten(process: SimProcess, watched: Watched): void {
    for (const address of watched.origins.keys()) if (process.router.origin(address) === undefined) watched.origins.delete(address)
  }

  #name(address: string): string {
    return this.#world.processes().find(({ router }) => router.address === address)?.name ?? address
  }
}

interface Distance {
  readonly seq48: number
  readonly metric: number
}

function isBetter(route: RouteView, than: Distance): boolean {
  return route.seq48 > than.seq48 || (route.seq48 === than.seq48 && route.advertised < than.metric)
}

function atLeastAsGood(one: Distance | undefined, other: Distance | undefined): boolean {
  if (other === undefined) return true
  return one !== undefined && (one.seq48 > other.seq48 || (one.seq48 === other.seq48 && one.metric <= other.metric))
}

function said(distance: Distance | RouteView | undefined): string {
  if (distance === undefined) return 'nothing'
  return `${'advertised' in distance ? distance.advertised : distance.metric} in number ${distance.seq48}`
}
