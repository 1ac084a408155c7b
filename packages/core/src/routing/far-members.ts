// A leaf is told of few members (R14). Of one that it asked its relay about it knows for a while what the relay said, how far it is,
// and has the record that proves who it is: enough to be shown, traced and met.

import { RecentMap } from '../bytes/recent-map.ts'
import { isMemberAddress, type Address } from '../identity/address.ts'

/** Members of whom a relay's word is kept; then the oldest is forgotten, and asked about again. */
export const farMembersMax = 256
/** A relay's word counts for so long: nobody says when such a member goes. */
export const farForMs = 10_000

/** As the relay sees it. */
export interface FarMember {
  readonly address: Address
  readonly hops: number
  readonly cost: number
}

/** What stands in a row that a relay tells; undefined: it is no member. */
export function readFarMember(row: unknown): FarMember | undefined {
  const { address, hops, cost } = (row ?? {}) as Record<string, unknown>
  if (typeof address !== 'string' || !isMemberAddress(address)) return undefined
  return { address, hops: distance(hops), cost: distance(cost) }
}

function distance(value: unknown): number {
  return typeof value === 'number' && value >= 0 ? value : 0
}

interface Known {
  readonly row: FarMember
  readonly at: number
}

export class FarMembers {
  readonly #known = new RecentMap<string, Known>(farMembersMax)

  keep(row: FarMember, now: number): void {
    this.#known.set(row.address, { row, at: now })
  }

  get(address: string, now: number): FarMember | undefined {
    const known = this.#known.get(address)
    return known && now - known.at < farForMs ? known.row : undefined
  }
}
