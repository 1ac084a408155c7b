import type { Link } from '../link/link.ts'
import type { LinkCost } from './link-cost.ts'
import type { Neighbour } from './table/origin.ts'

/** A capable node at the other end of a link. Two links to one node are two neighbours. */
export interface LinkNeighbour extends Neighbour {
  readonly link: Link
  readonly kind: 'member' | 'relay' | 'plain'
  /** Which process is at the other end, and when it began. Its record is not kept twice. */
  readonly process: string
  readonly epoch: number
  readonly measured: LinkCost
  // Both are changed by the route exchange only, which then selects anew.
  cost: number
  retiring: boolean
}
