import type { Peer, TopologyLink } from '@hopmesh/browser'

export interface GraphNode {
  readonly address: string
  readonly name: string
  readonly kind: 'self' | 'member' | 'relay' | 'plain' | 'device'
  readonly state: string
}

export interface GraphLink {
  readonly from: string
  readonly to: string
  /** A link of ours; the way that our packets take to somebody further away; or a link that neighbours have told of. */
  readonly kind: 'direct' | 'through' | 'other'
}

export interface Graph {
  readonly nodes: readonly GraphNode[]
  readonly links: readonly GraphLink[]
}

/**
 * What this page knows of the mesh, as a picture: neighbours by a link of ours, everybody else behind the next hop, and the
 * links of `told` beside them.
 */
export function graphOf(
  self: { readonly address: string; readonly name: string },
  peers: readonly Peer[],
  told: readonly TopologyLink[],
  isOwnDevice: (address: string) => boolean,
): Graph {
  const known = new Set<string>(peers.map((peer) => peer.address))
  const ways = peers
    .filter((peer) => peer.direct || known.has(peer.via))
    .map((peer): GraphLink => ({ from: peer.direct ? self.address : peer.via, to: peer.address, kind: peer.direct ? 'direct' : 'through' }))
  const drawn = new Set(ways.map(({ from, to }) => pair(from, to)))
  const others = told
    .filter(({ from, to, own }) => !own && known.has(from) && known.has(to) && !drawn.has(pair(from, to)))
    .map(({ from, to }): GraphLink => ({ from, to, kind: 'other' }))
  return {
    nodes: [
      { address: self.address, name: self.name, kind: 'self', state: 'active' },
      ...peers.map(({ address, name, kind, state }) => ({
        address,
        name,
        kind: kind === 'plain' && isOwnDevice(address) ? ('device' as const) : kind,
        state,
      })),
    ],
    links: [...ways, ...others],
  }
}

function pair(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`
}
