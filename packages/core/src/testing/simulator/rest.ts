// What must hold once nothing goes wrong any more and everybody has had time to hear of it:
//
//   I5  who is joined is reached by the shortest way, who is not is not; what a node told is what its neighbour holds;
//       nobody still asks for anything
//   I7  nobody has a route to a node that is gone (what I5 says of the unreachable)

import type { Invariants } from './invariants.ts'
import type { RoutedWorld, SimProcess } from './routed-world.ts'

/** Above that of any link that is used. */
const unusableCost = 5_000

interface Joined {
  readonly to: SimProcess
  readonly cost: number
}

/** Somebody who is joined and has no route, in words. */
export function unreached(world: RoutedWorld, invariants: Invariants): string | undefined {
  const joined = joinedLinks(world, invariants)
  if (typeof joined === 'string') return joined
  for (const process of world.processes()) {
    for (const to of distancesFrom(process, joined).keys()) {
      if (to !== process && process.router.origin(to.router.address)?.selected === undefined)
        return `${process.name} has no route to ${to.name}`
    }
  }
  return undefined
}

/** What is not as it must be at rest, in words; nothing: the world is at rest. */
export function unrest(world: RoutedWorld, invariants: Invariants): string | undefined {
  const joined = joinedLinks(world, invariants)
  if (typeof joined === 'string') return joined
  // What is seen at a glance comes first: it is asked for often, and seldom so.
  for (const process of world.processes()) {
    const open = process.router.sizes().find(({ table, size }) => needs.has(table) && size > 0)
    if (open !== undefined) return `I5: ${process.name} still has ${open.size} of ${open.table}`
  }
  for (const process of world.processes()) {
    const shortest = distancesFrom(process, joined)
    const wrong = wrongRoutes(world, process, shortest) ?? staleTales(process, invariants, joined.get(process) ?? [])
    if (wrong !== undefined) return wrong
  }
  return undefined
}

/** Tables that are empty when nobody needs anything. What was passed on for others is forgotten only by and by. */
const needs: ReadonlySet<string> = new Set(['wants', 'unproven', 'waiting packets'])

/** From each process its joined links with their costs; or what is still in the making. */
function joinedLinks(world: RoutedWorld, invariants: Invariants): Map<SimProcess, Joined[]> | string {
  const joined = new Map<SimProcess, Joined[]>()
  for (const [dialer, listener] of world.topology.edges) {
    const one = world.process(dialer)
    const other = world.process(listener)
    if (one === undefined || other === undefined || !world.isOpen(dialer, listener)) continue
    for (const [at, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const route = at.router
        .origin(to.router.address)
        ?.routes.find((known) => known.via === to.router.address && invariants.joinedTo(known) === to)
      if (route === undefined) return `${at.name} and ${to.name} are not joined`
      const cost = route.metric - route.advertised
      // A link that broke too often carries nothing for a while.
      if (cost >= unusableCost) continue
      const links = joined.get(at) ?? []
      joined.set(at, links)
      links.push({ to, cost })
    }
  }
  return joined
}

/** Dijkstra, over the costs that each node sees itself. Few nodes: the nearest is found by looking at all. */
function distancesFrom(from: SimProcess, joined: ReadonlyMap<SimProcess, readonly Joined[]>): Map<SimProcess, number> {
  const near = new Map<SimProcess, number>([[from, 0]])
  const done = new Set<SimProcess>()
  for (;;) {
    let at: SimProcess | undefined
    for (const [process, distance] of near) if (!done.has(process) && (at === undefined || distance < near.get(at)!)) at = process
    if (at === undefined) return near
    done.add(at)
    for (const { to, cost } of joined.get(at) ?? []) {
      const distance = near.get(at)! + cost
      if (distance < (near.get(to) ?? Number.POSITIVE_INFINITY)) near.set(to, distance)
    }
  }
}

function wrongRoutes(world: RoutedWorld, process: SimProcess, shortest: ReadonlyMap<SimProcess, number>): string | undefined {
  const reachable = new Map(Array.from(shortest, ([to, distance]) => [to.router.address, { to, distance }]))
  for (const { to, distance } of reachable.values()) {
    if (to === process) continue
    const selected = process.router.origin(to.router.address)?.selected
    if (selected === undefined) return `I5: ${process.name} has no route to ${to.name}`
    // A longer way is kept for 5 s and no longer (R2).
    if (selected.metric > distance) {
      return `I5: ${process.name} reaches ${to.name} at a cost of ${selected.metric}; ${distance} is possible`
    }
  }
  for (const origin of process.router.origins()) {
    if (origin.selected !== undefined && !reachable.has(origin.address)) {
      const gone = world.processes().some(({ router }) => router.address === origin.address) ? 'I5' : 'I7'
      return `${gone}: ${process.name} has a route to ${origin.address}, which cannot be reached`
    }
  }
  return undefined
}

/** What each neighbour would tell this node now is what this node holds of it, no more and no less. */
function staleTales(process: SimProcess, invariants: Invariants, neighbours: readonly Joined[]): string | undefined {
  const { address } = process.router
  for (const { to: teller } of neighbours) {
    for (const { address: about, selected } of teller.router.origins()) {
      const told = about === address || selected === undefined || selected.via === address ? undefined : selected
      const held = process.router.origin(about)?.routes.find((route) => invariants.joinedTo(route) === teller)
      if (told?.metric !== held?.advertised || (told !== undefined && held !== undefined && told.seq48 < held.seq48)) {
        return `I5: ${process.name} holds ${held?.advertised} of ${teller.name} for ${about}, which has ${told?.metric} to tell`
      }
    }
  }
  for (const { routes, address: about } of process.router.origins()) {
    const lost = routes.find((route) => invariants.joinedTo(route) === undefined)
    if (lost !== undefined) return `I5: ${process.name} has a route to ${about} over a link to nobody`
  }
  return undefined
}
