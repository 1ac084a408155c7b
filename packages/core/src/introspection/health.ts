import type { Medium } from '../channel/channel.ts'
import type { Address } from '../identity/address.ts'
import type { MeshErrorCode } from '../errors/mesh-error.ts'
import type { Router } from '../routing/router.ts'
import type { PeerKind } from '../routing/routing-types.ts'

/** One link of this node. */
export interface LinkHealth {
  readonly address: Address
  readonly kind: PeerKind
  readonly medium: Medium
  /** Undefined until it was measured, and toward plain nodes. */
  readonly roundTripMs: number | undefined
}

/** Something that failed, as the event `error` told it. */
export interface PastError {
  readonly code: MeshErrorCode
  readonly message: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** How this node does, counted from its start. */
export interface Health {
  readonly online: boolean
  /** Links that are up. */
  readonly links: readonly LinkHealth[]
  /** Who can be reached, relays and plain nodes included. */
  readonly reachable: number
  /** Operations that wait for somebody else. */
  readonly pending: number
  /** Packets passed on for others. */
  readonly forwarded: number
  /** What was odd, hostile or failed and was survived, by code. */
  readonly faults: Readonly<Record<string, number>>
  /** The last 20, oldest first, also those that nobody listened to. None: all is well. */
  readonly errors: readonly PastError[]
  /** Messages that wait for members that are away. */
  readonly stored: number
}

/** `router` is absent before the identity is loaded. */
export function healthOf(router: Router | undefined, mesh: Pick<Health, 'online' | 'pending' | 'errors' | 'stored'>): Health {
  const links = (router?.links() ?? []).flatMap(({ peer, channel, roundTripMs }): LinkHealth[] =>
    peer ? [{ address: peer.address as Address, kind: peer.kind, medium: channel.medium, roundTripMs }] : [],
  )
  return {
    ...mesh,
    links,
    reachable: router?.destinationCount ?? 0,
    forwarded: router?.forwarded ?? 0,
    faults: Object.fromEntries(router?.faults ?? []),
  }
}
