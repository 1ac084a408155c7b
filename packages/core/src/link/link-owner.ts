import type { MeshError } from '../errors/mesh-error.ts'
import type { MemberRecord } from '../identity/member-record.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import type { Log } from '../ports/log.ts'
import type { ControlMessage, Digest } from '../wire/control.ts'
import type { DecodedPacket, Packet } from '../wire/packet.ts'
import type { HandshakeIdentity } from './handshake.ts'
import type { Link } from './link.ts'
import type { ReadingTurns } from './reading-turns.ts'

/** A record whose signature holds, with the bytes that prove it to others. */
export interface ProvenRecord {
  readonly record: MemberRecord
  readonly bytes: Uint8Array
}

/** Who wanted a link to end. */
export type LinkEnding = 'here' | 'there' | 'broke'

/** What routing needs of links, and the one place where a link's facts, verified and in order, enter it. */
export interface LinkOwner {
  readonly identity: HandshakeIdentity
  readonly clock: Clock
  readonly dice: Dice
  readonly log: Log
  /** Shared by all links of the node. */
  readonly reading: ReadingTurns
  /** What a plain node may know at once: ROUTE self and own services. Empty: nothing yet. */
  plainGreeting(link: Link): readonly Packet[]
  /** The handshake is over. An error refuses the neighbour. */
  joined(link: Link, proof: ProvenRecord): MeshError | undefined
  /** A plain ALN node is at the other end. An error refuses it. */
  plain(link: Link): MeshError | undefined
  /** The plain neighbour turned out to be capable: what it taught as a plain one is void. */
  upgraded(link: Link): void
  control(link: Link, message: Exclude<ControlMessage, { type: 'records' | 'ping' | 'pong' }>): void
  /** What the neighbour knows of this node once everything given to the link so far has arrived. */
  told(link: Link): Digest
  /** What the neighbour says that it has told: a digest to compare with what was heard. */
  heard(link: Link, digest: Digest): void
  /** Whether a record, unverified, is worth verifying: it was asked for, or may concern what is known. Else it is counted. */
  expects(link: Link, claimed: MemberRecord): boolean
  records(link: Link, records: readonly ProvenRecord[]): void
  /** The neighbour itself says that it goes; the link may have ended since it said so. */
  left(link: Link, proof: ProvenRecord): void
  /** `frame`: the packet came alone in it, and both belong to the owner now. */
  packet(link: Link, bytes: Uint8Array, frame: Uint8Array | undefined): void
  plainPacket(link: Link, packet: DecodedPacket): void
  /** `ending`: by the wish of this node (`here`), of the neighbour (`there`), or of neither (`broke`). */
  closed(link: Link, ending: LinkEnding): void
  /** Something hostile, odd or broken that was survived. */
  fault(code: string, message: string): void
}
