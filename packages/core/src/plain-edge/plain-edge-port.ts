import type { ServiceAdvert } from '../identity/member-record.ts'
import type { Clock } from '../ports/clock.ts'
import type { DecodedPacket } from '../wire/packet.ts'
import type { Link } from '../link/link.ts'

/** A destination as plain neighbours may see it. */
export interface VisibleHost {
  readonly address: string
  readonly hops: number
  readonly services: readonly ServiceAdvert[]
}

/** What the plain edge needs of routing: its port, and nothing else. */
export interface PlainEdgePort {
  readonly address: string
  /** Of this life of the node. */
  readonly epoch: number
  readonly clock: Clock
  /** Own services that plain nodes may call. */
  ownServices(): readonly ServiceAdvert[]
  /** Everybody that plain neighbours may reach, other than this node. */
  visible(): Iterable<VisibleHost>
  /** `native`: it has routes of its own. `lease`: another gateway answers for it. `none`: at most this edge knows it. */
  wayTo(address: string): 'native' | 'lease' | 'none'
  /** Another gateway answers for that plain node, over at most so many plain hops. */
  isShared(address: string, hopsMax: number): boolean
  /** The hosts behind this edge changed. */
  hostsChanged(): void
  /** A packet that is no advert, from a plain neighbour; its source is set and believed no further than its link. */
  packet(packet: DecodedPacket, from: string, link: Link): void
  fault(code: string, message: string): void
}
