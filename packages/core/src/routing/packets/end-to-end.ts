import type { MeshError } from '../../errors/mesh-error.ts'
import type { MemberRecord } from '../../identity/member-record.ts'
import type { Packet } from '../../wire/packet.ts'

/** On the packets that carry sessions: all that is seen of what members say, besides addresses, on the way (SE1). */
export const sessionService = '$mesh.session'

/** What stands above routing for what members say to each other. Routing itself knows only whom it is for. */
export interface EndToEnd {
  /** Takes a packet of this node's own for another member. An error: it does not leave. */
  send(packet: Packet, destination: string): MeshError | undefined
  /** Takes a packet for whoever offers its service, whom only that relay knows. Where nobody does, its context hears NO_SERVICE. */
  sendToProvider(packet: Packet & { readonly service: string }, relay: string): void
  /** As `send`; resolves when the library of the other member has it. Rejects with OUTCOME_UNKNOWN when it left and may have arrived. */
  deliver(packet: Packet, destination: string): Promise<void>
  /** What is sent there leaves at once, without a handshake before it. */
  isOpen(destination: string): boolean
  /** The process behind this record has answered in a session: it is there, and not only its record (SE5). */
  isProven(record: MemberRecord): boolean
  /** It was asked for a session less than a minute ago, and did not answer. */
  isSilent(destination: string): boolean
  /** Asks it for a session, to know whether it is there. */
  probe(destination: string): void
}
