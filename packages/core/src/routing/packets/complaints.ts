// What is said about packets that end here: counted, and told to their origin as long as that is worth it.

import { RateOfEach } from '../../async/rate-of-each.ts'
import type { Clock } from '../../ports/clock.ts'
import type { MeshPacketHeader } from '../../wire/mesh-packet.ts'
import { netStates } from '../../wire/packet.ts'
import { decodePacket, encodePacket } from '../../wire/packet-codec.ts'
import { textBytes } from '../../wire/text-cache.ts'
import { isWireFault } from '../../wire/wire-fault.ts'
import type { LinkNeighbour } from '../link-neighbour.ts'
import type { Originator } from './originator.ts'
import { traceService } from '../routing-types.ts'

/** NET_ERRORs that one second of one neighbour's packets may cause. */
export const errorsPerSecondMax = 10
/** Hop limit and flags. */
const meshHeadBytes = 2

/** Why a packet of somebody else ends here. */
type ComplaintCode = 'NO_ROUTE' | 'HOP_LIMIT' | 'NO_SERVICE' | 'NO_HANDLER' | 'QUEUE_FULL' | 'TOO_LARGE'

export interface ComplaintsParts {
  readonly address: string
  readonly clock: Clock
  readonly originator: Originator
  fault(code: string, message: string): void
}

export class Complaints {
  readonly #parts: ComplaintsParts
  readonly #errors: RateOfEach

  constructor(parts: ComplaintsParts) {
    this.#parts = parts
    this.#errors = new RateOfEach(parts.clock, errorsPerSecondMax)
  }

  /** Tells the origin of a packet why it ends here (a hint; nothing is told about errors, broadcasts or too often). */
  complain(neighbour: LinkNeighbour, header: MeshPacketHeader, bytes: Uint8Array, code: ComplaintCode): void {
    const answered = header.netState !== netStates.error && header.source !== '' && this.#errors.allows(neighbour.address)
    // A packet of a trace was sent to end here: no fault, unless there are more of them than are answered.
    if (!answered || code !== 'HOP_LIMIT' || header.service !== traceService) {
      this.#parts.fault(code, `a packet from ${header.source} to ${header.destination} ends here`)
    }
    neighbour.link.wasted()
    if (!answered) return
    const packet = decodePacket(bytes, header.alnOffset)
    if (isWireFault(packet)) return
    // What an error says is never longer than what caused it, so that nobody is flooded in the name of others (SE14).
    const text = code === 'NO_ROUTE' ? `no route to ${header.destination}` : header.service
    const bare = encodePacket({
      netState: netStates.error,
      srcAddr: this.#parts.address,
      destAddr: header.source,
      contextID: packet.contextID,
      data: code,
    })
    this.#parts.originator.error(packet, code, meshHeadBytes + bare.length + 1 + textBytes(text) <= bytes.length ? text : '')
  }

  /** Nobody is told. */
  useless(neighbour: LinkNeighbour, code: string, text: string): void {
    this.#parts.fault(code, text)
    neighbour.link.wasted()
  }
}
