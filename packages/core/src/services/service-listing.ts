import type { Address } from '../identity/address.ts'
import type { PeerKind } from '../routing/routing-types.ts'

/** A provider of a service. */
export interface ServiceListing {
  readonly service: string
  readonly address: Address
  /** 0 (idle) … 1 (full). */
  readonly load: number
  /** Links between here and there; 0 for a local one. */
  readonly hops: number
  /** The sum of the link costs; without unit, smaller is better. */
  readonly cost: number
  readonly kind: PeerKind
  /** The display name of the provider; '' when it has none. */
  readonly name: string
  /** Its session did not answer within the last 60 s: calls prefer others. */
  readonly silent: boolean
  /** Registered by this mesh itself. */
  readonly local: boolean
  /** Milliseconds since this mesh learned of it; from 0 again when it comes back after it was gone. */
  readonly knownMs: number
  /** Milliseconds since the load that is shown was told. */
  readonly unchangedMs: number
}

/** Local first, those that are silent last, members before plain nodes, then the least load, then the nearest. */
export function byPreference(listings: readonly ServiceListing[]): ServiceListing[] {
  return listings.toSorted(
    (a, b) =>
      Number(b.local) - Number(a.local) ||
      Number(a.silent) - Number(b.silent) ||
      Number(a.kind === 'plain') - Number(b.kind === 'plain') ||
      a.load - b.load ||
      a.cost - b.cost ||
      a.hops - b.hops ||
      (a.address < b.address ? -1 : 1),
  )
}
