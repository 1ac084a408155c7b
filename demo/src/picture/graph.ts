import type { Peer } from '@hopmesh/browser'

export interface GraphNode {
  readonly address: string
  readonly name: string
  readonly kind: 'self' | 'member' | 'relay' | 'plain' | 'device'
  readonly state: string
}

export interface GraphLink {
  readonly from: string
  readonly to: string
  /** A link of ours ends there; otherwise this is only the way that our packets take. */
  readonly direct: boolean
}

export interface Graph {
  readonly nodes: readonly GraphNode[]
  readonly links: readonly GraphLink[]
}

/** What this page knows of the mesh, as a picture: neighbours by a link of ours, everybody else behind the next hop. */
export function graphOf(
  self: { readonly address: string; readonly name: string },
  peers: readonly Peer[],
  isOwnDevice: (address: string) => boolean,
): Graph {
  const known = new Set(peers.map((peer) => String(peer.address)))
  return {
    nodes: [
      { address: self.address, name: self.name, kind: 'self', state: 'active' },
      ...peers.map(({ address, name, kind, state }) => ({ address, name, kind: kind === 'plain' && isOwnDevice(address) ? ('device' as const) : kind, state })),
    ],
    links: peers
      .filter((peer) => peer.direct || known.has(String(peer.via)))
      .map((peer) => ({ from: peer.direct ? self.address : String(peer.via), to: peer.address, direct: peer.direct })),
  }
}
