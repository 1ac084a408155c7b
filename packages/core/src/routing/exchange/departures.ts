// A node that goes says so once (R11): the last record of its epoch, of kind `left`, signed by itself. It passes from
// neighbour to neighbour, takes every older route with it, and leaves nobody with a question. Who comes back takes a
// greater number. The record stays as long as a lost origin is remembered, so that no old advert brings it back.

import type { ProvenRecord } from '../../link/link-owner.ts'
import type { Proofs } from './proofs.ts'
import type { LinkNeighbour } from '../link-neighbour.ts'

export interface DeparturesPort {
  readonly proofs: Proofs<LinkNeighbour>
  neighbours(): Iterable<LinkNeighbour>
  /** Every route to the origin is gone, and each neighbour hears of it from the record. */
  gone(address: string): void
}

export class Departures {
  readonly #port: DeparturesPort

  constructor(port: DeparturesPort) {
    this.#port = port
  }

  /** Whoever advertises this has not heard that the origin left. */
  isOver(address: string, seq48: number): boolean {
    const record = this.#port.proofs.record(address)?.record
    return record?.kind === 'left' && seq48 <= record.seq48
  }

  /** A verified record of kind `left`; `from`: who handed it over, if it is still there. */
  heard(from: LinkNeighbour | undefined, proof: ProvenRecord): void {
    const { neighbours, proofs, gone } = this.#port
    const { address, seq48, publicKey } = proof.record
    const known = proofs.record(address)?.record
    for (const neighbour of neighbours())
      if ((proofs.held(neighbour, address)?.seq48 ?? Number.POSITIVE_INFINITY) <= seq48) proofs.release(neighbour, address)
    // Of a stranger nothing is passed on: made-up nodes must not leave through the whole network.
    if (known === undefined || known.seq48 >= seq48 || known.publicKey.some((byte, index) => byte !== publicKey[index])) return
    proofs.keep(proof)
    gone(address)
    for (const neighbour of neighbours()) if (neighbour !== from) neighbour.link.sendControl({ type: 'records', records: [proof.bytes] })
  }
}
