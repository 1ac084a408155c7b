// Which node has a free-form name, for whoever comes first has it, and when it is another's. A member's address follows from its
// key, and is nobody else's. What is told of others under a name that is taken is in rivals.ts.

import { isMemberForm } from '../../identity/address.ts'
import type { ProvenRecord } from '../../link/link-owner.ts'
import { metricInfinite, type RouteEntry } from '../../wire/control.ts'
import type { LinkNeighbour } from '../link-neighbour.ts'
import type { Proofs } from './proofs.ts'
import { tagOf, type Rivals } from './rivals.ts'
import type { RouteTable } from '../table/route-table.ts'

export interface FreeNamesParts {
  readonly table: RouteTable<LinkNeighbour>
  readonly proofs: Proofs<LinkNeighbour>
  readonly rivals: Rivals<LinkNeighbour>
  /** The neighbour tells of it no more. */
  withdraw(neighbour: LinkNeighbour, entry: RouteEntry): void
  /** Forget the origin, which has no route: its name is another's. */
  free(address: string): void
}

export class FreeNames {
  readonly #parts: FreeNamesParts

  constructor(parts: FreeNamesParts) {
    this.#parts = parts
  }

  /** Another node has this name and can be reached. */
  isTaken({ record: { address, publicKey } }: ProvenRecord): boolean {
    const { table, proofs } = this.#parts
    const known = table.get(address)?.selected && proofs.record(address)?.record
    return known !== undefined && known.publicKey.some((byte, index) => byte !== publicKey[index])
  }

  /** Of whoever has the name. */
  tagOf(address: string): number | undefined {
    const record = isMemberForm(address) ? undefined : this.#parts.proofs.record(address)?.record
    return record && tagOf(record.publicKey)
  }

  /** It is a neighbour, under a name that somebody may have had who is gone. */
  joined({ record: { address, publicKey } }: ProvenRecord): void {
    if (this.#isOther(address, tagOf(publicKey))) this.#makeWay(address)
  }

  /** What is told of another node under a name that is taken: it waits until the name is free. */
  waits(neighbour: LinkNeighbour, entry: RouteEntry): boolean {
    const { table, proofs, rivals, withdraw } = this.#parts
    const { destination, tag } = entry
    const other = this.#isOther(destination, tag)
    if (other) {
      proofs.release(neighbour, destination)
      // Until now it told of the one that has the name.
      if (table.get(destination)?.hasRouteOf(neighbour)) withdraw(neighbour, { ...entry, metric: metricInfinite })
    }
    const waits = other && !this.#makeWay(destination)
    if (waits) rivals.keep(neighbour, entry)
    else rivals.delete(neighbour, destination)
    return waits
  }

  /** Another node than the one that is known by this name. */
  #isOther(address: string, tag: number | undefined): boolean {
    const known = tag === undefined ? undefined : this.tagOf(address)
    return known !== undefined && known !== tag
  }

  /** The name is free unless somebody tells of the one that has it. True: it is free, and nothing of the old one is left. */
  #makeWay(address: string): boolean {
    const { table, proofs, free } = this.#parts
    if ((table.get(address)?.routeCount ?? 0) > 0) return false
    free(address)
    proofs.forget(address)
    return true
  }
}
