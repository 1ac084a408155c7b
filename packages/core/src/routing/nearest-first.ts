import type { Destination } from './routing-types.ts'

/** Those that did not answer last; always in the same order. */
export function nearestFirst(destinations: readonly Destination[]): Destination[] {
  return destinations.toSorted(
    (a, b) => Number(a.silent) - Number(b.silent) || a.hops - b.hops || a.cost - b.cost || (a.address < b.address ? -1 : 1),
  )
}
