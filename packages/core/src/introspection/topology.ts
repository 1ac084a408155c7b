import type { Address } from '../identity/address.ts'
import type { Router } from '../routing/router.ts'
import type { Destination, PeerKind } from '../routing/routing-types.ts'

/** A point of the picture. */
export interface TopologyNode {
  readonly address: Address
  /** Text of a stranger: never markup. */
  readonly name: string
  readonly kind: PeerKind
  /** Links between here and there; 0 for this node itself. */
  readonly hops: number
  /** The sum of the link costs; without unit. */
  readonly cost: number
  /** The neighbour that packets for it are handed to. */
  readonly via: Address
}

/** A line of the picture. `cost` is the lower the better, without unit. */
export interface TopologyLink {
  readonly from: Address
  readonly to: Address
  readonly cost: number
  /** It is a link of this node itself; else one that a neighbour has, or a gateway to a plain node. */
  readonly own: boolean
}

/** What one node knows of the mesh: who can be reached, and the links that it has or was told of. */
export interface Topology {
  /** This node first. */
  readonly nodes: readonly TopologyNode[]
  /**
   * Its own links and those of its neighbours. Nobody tells of links that are further away: how such a node is reached
   * says its `via`, and link by link `mesh.trace`.
   */
  readonly links: readonly TopologyLink[]
}

export function topologyOf(router: Router, self: { readonly name: string }): Topology {
  const address = router.address as Address
  const destinations = router.routes()
  const nodes = destinations.map(({ address: of, name, kind, hops, cost, via }) => ({
    address: of as Address,
    name,
    kind,
    hops,
    cost,
    via: via as Address,
  }))
  return {
    nodes: [{ address, name: self.name, kind: 'member', hops: 0, cost: 0, via: address }, ...nodes],
    links: [...links(router, destinations).values()],
  }
}

function links(router: Router, destinations: readonly Destination[]): Map<string, TopologyLink> {
  const found = new Map<string, TopologyLink>()
  const add = (from: string, to: string, cost: number): void => {
    const key = [from, to].toSorted().join(' ')
    const known = found.get(key)
    if (known && known.cost <= cost) return
    found.set(key, { from: from as Address, to: to as Address, cost, own: from === router.address || to === router.address })
  }
  for (const origin of router.origins()) {
    for (const { via, hops, advertised, metric } of origin.routes) {
      if (hops === 1) add(router.address, origin.address, metric)
      // One link to the neighbour, and one from there: what the neighbour said it costs is that link.
      else if (hops === 2) add(via, origin.address, advertised)
    }
  }
  const costs = new Map(destinations.map(({ address, hops, cost }) => [address, { hops, cost }]))
  costs.set(router.address, { hops: 0, cost: 0 })
  for (const { address, gateway, hops, cost } of destinations) {
    const at = gateway === undefined ? undefined : costs.get(gateway)
    if (gateway !== undefined && at && hops === at.hops + 1) add(gateway, address, cost - at.cost)
  }
  return found
}
