// What must hold once nothing goes wrong any more and everybody has had time to hear of it:
//
//   I5  who is joined is reached by the shortest way, who is not is not; what a node told is what its neighbour holds;
//       nobody still asks for anything
//   I7  nobody has a route to a node that is gone (what I5 says of the unreachable)

import type { OriginView, RouteView } from '../../routing/origin-view.ts'
import { hopLimitStart } from '../../wire/mesh-packet.ts'
import type { Invariants } from './invariants.ts'
import type { RoutedWorld, SimProcess } from './routed-world.ts'

/** Above that of any link that is used. */
const unusableCost = 5_000

interface Joined {
  readonly to: SimProcess
  readonly cost: number
}

/** By the index of the process from which they lead. */
type JoinedLinks = readonly (readonly Joined[])[]

/** Something of each row in a process's table, by address: read once, for each look at a live view makes it anew. */
type Table<T> = ReadonlyMap<string, T>

/** Somebody who is joined and has no route, in words. */
export function unreached(world: RoutedWorld, invariants: Invariants): string | undefined {
  const joined = joinedLinks(world, invariants)
  if (typeof joined === 'string') return joined
  for (const process of world.processes()) {
    const { hops } = distancesFrom(process, joined)
    for (const to of world.processes()) {
      if (to !== process && hops[to.index]! <= hopLimitStart && process.router.origin(to.router.address)?.selected === undefined)
        return `${process.name} has no route to ${to.name}`
    }
  }
  return undefined
}

/** What is not as it must be at rest, in words; nothing: the world is at rest. */
export function unrest(world: RoutedWorld, invariants: Invariants): string | undefined {
  // What is seen at a glance comes first: it is asked for often, and seldom so.
  for (const process of world.processes()) {
    const open = process.router.sizes().find(({ table, size }) => needs.has(table) && size > 0)
    if (open !== undefined) return `I5: ${process.name} still has ${open.size} of ${open.table}`
  }
  const joined = joinedLinks(world, invariants)
  if (typeof joined === 'string') return joined
  const selected = new Map<SimProcess, Table<RouteView | undefined>>()
  for (const process of world.processes()) {
    const table = readTable(process, selectedOf)
    const wrong = wrongRoutes(process, table, { world, distances: distancesFrom(process, joined) })
    if (wrong !== undefined) return wrong
    selected.set(process, table)
  }
  for (const process of world.processes()) {
    const wrong = staleTales(process, invariants, { selected, joined })
    if (wrong !== undefined) return wrong
  }
  return undefined
}

const selectedOf = (row: OriginView): RouteView | undefined => row.selected
const routesOf = (row: OriginView): readonly RouteView[] => row.routes

/** Tables that are empty when nobody needs anything. What was passed on for others is forgotten only by and by. */
const needs: ReadonlySet<string> = new Set(['wants', 'unproven', 'waiting packets'])

function readTable<T>(process: SimProcess, look: (row: OriginView) => T): Table<T> {
  const table = new Map<string, T>()
  for (const row of process.router.origins()) table.set(row.address, look(row))
  return table
}

/** From each process its joined links with their costs; or what is still in the making. */
function joinedLinks(world: RoutedWorld, invariants: Invariants): JoinedLinks | string {
  const joined = Array.from({ length: world.topology.nodes }, (): Joined[] => [])
  for (const [dialer, listener] of world.topology.edges) {
    const one = world.process(dialer)
    const other = world.process(listener)
    if (one === undefined || other === undefined || !world.isOpen(dialer, listener)) continue
    for (const [at, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const { address } = to.router
      const route = at.router.origin(address)?.routes.find((known) => known.via === address && invariants.joinedTo(known) === to)
      if (route === undefined) return `${at.name} and ${to.name} are not joined`
      const cost = route.metric - route.advertised
      // A link that broke too often carries nothing for a while.
      if (cost < unusableCost) joined[at.index]!.push({ to, cost })
    }
  }
  return joined
}

/** By the index of the process to which they lead. */
interface Distances {
  readonly costs: readonly number[]
  /** Of the shortest ways the one with the most links; Infinity: there is no way. */
  readonly hops: readonly number[]
}

/** Dijkstra, over the costs that each node sees itself. Few nodes: the nearest is found by looking at all. */
function distancesFrom(from: SimProcess, joined: JoinedLinks): Distances {
  const costs = joined.map(() => Infinity)
  const hops = joined.map(() => Infinity)
  const done = joined.map(() => false)
  costs[from.index] = hops[from.index] = 0
  for (;;) {
    let at = -1
    for (let index = 0; index < costs.length; index += 1) if (!done[index] && costs[index]! < (costs[at] ?? Infinity)) at = index
    if (at === -1) return { costs, hops }
    done[at] = true
    for (const { to, cost } of joined[at]!) {
      const there = costs[at]! + cost
      if (there > costs[to.index]!) continue
      hops[to.index] = there < costs[to.index]! ? hops[at]! + 1 : Math.max(hops[to.index]!, hops[at]! + 1)
      costs[to.index] = there
    }
  }
}

function wrongRoutes(
  process: SimProcess,
  table: Table<RouteView | undefined>,
  { world, distances: { costs, hops } }: { readonly world: RoutedWorld; readonly distances: Distances },
): string | undefined {
  const reachable = new Set<string>()
  for (const to of world.processes()) {
    const cost = costs[to.index]!
    if (cost === Infinity) continue
    reachable.add(to.router.address)
    // Who is further away than packets go may be reached by a dearer way with fewer links, or not at all (R13).
    if (to === process || hops[to.index]! > hopLimitStart) continue
    const selected = table.get(to.router.address)
    if (selected === undefined) return `I5: ${process.name} has no route to ${to.name}`
    // A longer way is kept for 5 s and no longer (R2).
    if (selected.metric > cost) {
      return `I5: ${process.name} reaches ${to.name} at a cost of ${selected.metric}; ${cost} is possible`
    }
  }
  for (const [address, selected] of table) {
    if (selected !== undefined && !reachable.has(address)) {
      const gone = world.processes().some(({ router }) => router.address === address) ? 'I5' : 'I7'
      return `${gone}: ${process.name} has a route to ${address}, which cannot be reached`
    }
  }
  return undefined
}

interface Rest {
  readonly selected: ReadonlyMap<SimProcess, Table<RouteView | undefined>>
  readonly joined: JoinedLinks
}

/** What each neighbour would tell this node now is what this node holds of it, no more and no less. */
function staleTales(process: SimProcess, invariants: Invariants, world: Rest): string | undefined {
  const table = readTable(process, routesOf)
  const { address } = process.router
  for (const { to: teller } of world.joined[process.index]!) {
    for (const [about, selected] of world.selected.get(teller)!) {
      const told =
        about === address || selected === undefined || selected.via === address || selected.hops >= hopLimitStart ? undefined : selected
      const held = table.get(about)?.find((route) => invariants.joinedTo(route) === teller)
      if (told?.metric !== held?.advertised || (told !== undefined && held !== undefined && told.seq48 < held.seq48)) {
        return `I5: ${process.name} holds ${held?.advertised} of ${teller.name} for ${about}, which has ${told?.metric} to tell`
      }
    }
  }
  for (const [about, routes] of table) {
    const lost = routes.find((route) => invariants.joinedTo(route) === undefined)
    if (lost !== undefined) return `I5: ${process.name} has a route to ${about} over a link to nobody`
  }
  return undefined
}
