// Where the numbers of all origins and of all routes stand. A node of a large network knows thousands of origins by six ways
// each: as objects, they would take ten times as much.

import { NeighbourNumbers } from './neighbour-numbers.ts'
import { PackedRows } from './packed-rows.ts'

/** Of an origin: the row of its first route and that of its record (0: none, else one more than its place), and what origin.ts says of each. */
export const originRow = {
  first: 0,
  toldSeq: 4,
  toldMetric: 10,
  metric: 12,
  via: 14,
  hops: 16,
  flags: 17,
  revision: 18,
  record: 24,
  bytes: 28,
} as const
/** Of a route. `next` is as `first` above. */
export const routeRow = { next: 0, seq: 4, metric: 10, via: 12, hops: 14, fragile: 15, bytes: 16 } as const

/** `N`: a neighbour, `O`: an origin, as they are looked up. */
export class OriginRows<N, O> {
  readonly origins: PackedRows = new PackedRows(originRow.bytes)
  readonly routes: PackedRows = new PackedRows(routeRow.bytes)
  readonly neighbours: NeighbourNumbers<N> = new NeighbourNumbers()
  /** Since when a route is known that is better than the one in use, but not clearly so: of few origins at a time. */
  readonly betterSince: Map<O, number> = new Map()
  /** When the last route went, of those that have none. */
  readonly lostAt: Map<O, number> = new Map()
}
