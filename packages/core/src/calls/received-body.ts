import type { Address } from '../identity/address.ts'
import type { Arrival } from '../routing/routing-types.ts'
import { Body } from './body.ts'

/** What is read of a packet here. */
export interface BodyPacket {
  readonly srcAddr?: string | undefined
  readonly data?: Uint8Array | undefined
}

/** A body that came in a packet, and how it came. */
export class ReceivedBody extends Body {
  readonly from: Address
  /** The neighbour that handed it over. */
  readonly via: Address
  readonly hops: number
  /** The sender proved its address on a link of ours. A plain node never did. */
  readonly verified: boolean

  constructor(packet: BodyPacket, arrival: Arrival) {
    super(packet.data)
    this.from = (packet.srcAddr ?? '') as Address
    this.via = arrival.via as Address
    this.hops = arrival.hops
    this.verified = arrival.verified
  }
}
