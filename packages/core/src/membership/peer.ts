import type { Address } from '../identity/address.ts'
import type { Destination, PeerKind } from '../routing/routing-types.ts'

/**
 * - `active`: a route to it exists.
 * - `idle`: it said that it sleeps (not told yet by anybody).
 * - `unreachable`: the last route was lost less than 30 s ago.
 * - `gone`: it did not come back; this is the last that is heard of it.
 */
export type PeerState = 'active' | 'idle' | 'unreachable' | 'gone'

/**
 * Somebody else in the mesh, as seen from here at one moment: an immutable snapshot. `mesh.peer(address)` and the
 * values of `mesh.peers` are drawn afresh at each access.
 */
export interface Peer {
  readonly address: Address
  /** What it calls itself, at most 64 characters; '' for a node without a name. Text of a stranger: never markup. */
  readonly name: string
  readonly kind: PeerKind
  readonly state: PeerState
  /** Links between here and there; 1 is a neighbour. */
  readonly hops: number
  /** The sum of the link costs; without unit, smaller is better. */
  readonly cost: number
  /** The neighbour that packets for it are handed to; its own address when it is a neighbour. */
  readonly via: Address
  /** Of the link, for neighbours; undefined until it was measured, and for others. */
  readonly roundTripMs: number | undefined
  /** A link of ours ends there. */
  readonly direct: boolean
  /**
   * This very process holds the keys of its address: it has answered in a session with this node. Until then others say that it is
   * there. Of a plain ALN node always false.
   */
  readonly verified: boolean
  /** When its process started: milliseconds since 1970, by its own clock. Undefined for plain nodes. */
  readonly startedAt: number | undefined
}

const nameCharactersMax = 64

export function peerOf(destination: Destination, state: PeerState): Peer {
  return Object.freeze({
    address: destination.address as Address,
    name: destination.name.slice(0, nameCharactersMax),
    kind: destination.kind,
    state,
    hops: destination.hops,
    cost: destination.cost,
    via: destination.via as Address,
    roundTripMs: destination.roundTripMs,
    direct: state === 'active' && destination.direct,
    verified: destination.verified,
    startedAt: destination.startedAt,
  })
}
