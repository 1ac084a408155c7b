// Which of the known ways to an origin is taken. A route may be used only if it is feasible: newer than the best that this
// node ever told of the origin, or of the same number and strictly shorter, which no route through this node itself can be.

import { metricInfinite } from '../../wire/control.ts'
import type { Feasibility, Neighbour, Origin, Route } from './origin.ts'

/** The longest metric that is still a route. */
export const metricMax: number = metricInfinite - 1
/** A route is left at once for one that is shorter by this share of its metric … */
const switchShare = 0.125
/** … and for one that is shorter at all after this time. */
export const switchAfterMs = 5_000

export function metricOf(route: Route<Neighbour>): number {
  return Math.min(route.advertised + route.neighbour.cost, metricMax)
}

export function isFeasible(route: Route<Neighbour>, feasibility: Feasibility | undefined): boolean {
  return isBetter(route.seq48, route.advertised, feasibility)
}

export function isBetter(seq48: number, metric: number, than: Feasibility | undefined): boolean {
  return than === undefined || seq48 > than.seq48 || (seq48 === than.seq48 && metric < than.metric)
}

/** Whether it can be taken at all. A metric that has reached the end of the scale leads no further. */
export function isUsable({ advertised, neighbour }: Route<Neighbour>): boolean {
  return advertised < metricMax && neighbour.cost < metricInfinite
}

/**
 * The shortest route that is feasible now; one that is about to break only if there is no other (R12), and one that others may not use (RT16) only then. The present one stays,
 * also when it has become dearer, while the other is not clearly shorter, or has not been shorter for long (R2).
 */
export function chooseRoute<N extends Neighbour>(origin: Origin<N>, now: number): Route<N> | undefined {
  const { nextHop, feasibility } = origin
  const routes = origin.routes()
  let best: Route<N> | undefined
  const mayTake = (route: Route<N>): boolean =>
    isUsable(route) && (isFeasible(route, feasibility) || (route.neighbour === nextHop && mayCling(route, origin)))
  for (const route of routes) {
    if (!mayTake(route)) continue
    if (best === undefined || isPreferred(route, best) || (route.neighbour === nextHop && !isPreferred(best, route))) best = route
  }
  const present = routes.find(({ neighbour }) => neighbour === nextHop)
  const mayStay = present !== undefined && mayTake(present)
  if (best === undefined || best === present || !mayStay || isClearlyBetter(best, present)) origin.betterSince = undefined
  else {
    origin.betterSince ??= now
    if (now - origin.betterSince < switchAfterMs) return present
    origin.betterSince = undefined
  }
  return best
}

/**
 * The next hop has become dearer within its number, by as many links: it stays good although it may not be taken anew. It
 * was taken because it held itself to less than this node does, and both only ever come down, whatever they tell now: it
 * cannot lead back here. One that goes a longer way is left: after a crash, that would prolong the search for what is gone.
 */
function mayCling<N extends Neighbour>(route: Route<N>, origin: Origin<N>): boolean {
  return route.seq48 === origin.feasibility?.seq48 && route.hops === origin.hops
}

function isClearlyBetter(one: Route<Neighbour>, other: Route<Neighbour>): boolean {
  return rankOf(one) !== rankOf(other) || metricOf(one) <= metricOf(other) * (1 - switchShare)
}

/** A link on the way, ours or one beyond, closes soon. */
export function isFragile(route: Route<Neighbour>): boolean {
  return route.fragile || route.neighbour.retiring
}

/** Through whoever is at the end of a Bluetooth link: a way for this node alone, for devices carry nothing between others. */
export function isPrivate({ neighbour, hops }: Route<Neighbour>): boolean {
  return neighbour.lowPower === true && hops > 1
}

/** The least first: what others can be told of, and of that what stays. */
function rankOf(route: Route<Neighbour>): number {
  return (isPrivate(route) ? 2 : 0) + (isFragile(route) ? 1 : 0)
}

function isPreferred(one: Route<Neighbour>, other: Route<Neighbour>): boolean {
  const rank = rankOf(one)
  const otherRank = rankOf(other)
  if (rank !== otherRank) return rank < otherRank
  return metricOf(one) < metricOf(other)
}

/** Routes exist, and none of them may be used: only a newer number of the origin helps (R6). */
export function isStarving(origin: Origin<Neighbour>): boolean {
  return origin.nextHop === undefined && origin.routeCount > 0 && origin.routes().some(isUsable)
}

/** The best of the routes that would be taken instead of the present one, if they could be trusted (R7). */
export function betterUnfeasible<N extends Neighbour>(origin: Origin<N>): Route<N> | undefined {
  // The only one is in use, or none is.
  if (origin.routeCount < 2) return undefined
  const { selected, feasibility } = origin
  if (selected === undefined) return undefined
  let best: Route<N> | undefined
  for (const route of origin.routes())
    if (isUsable(route) && isPreferred(route, best ?? selected) && !isFeasible(route, feasibility)) best = route
  return best
}
