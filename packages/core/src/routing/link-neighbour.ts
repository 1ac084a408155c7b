import type { Link } from '../link/link.ts'
import type { ProvenRecord } from '../link/link-owner.ts'
import type { LinkCost } from './link-cost.ts'
import type { Neighbour } from './origin.ts'

/** A capable node at the other end of a link. Two links to one node are two neighbours. */
export interface LinkNeighbour extends Neighbour {
  readonly link: Link
  readonly kind: 'member' | 'relay' | 'plain'
  /** The record of the handshake: which process is at the other end. */
  readonly proof: ProvenRecord
  readonly measured: LinkCost
  // Both are changed by the route exchange only, which then selects anew.
  cost: number
  retiring: boolean
}
