import type { GossipMessage } from '../wire/gossip-control.ts'

/** A capable node at the other end of a link, as far as broadcasts are concerned. Two links to one node are two neighbours. */
export interface GossipNeighbour {
  readonly address: string
  readonly link: {
    readonly roundTripMs: number | undefined
    /** What is sent now does not leave. */
    readonly full: boolean
    /** False: it did not leave. */
    sendPacket(bytes: Uint8Array): boolean
    sendControl(message: GossipMessage): void
  }
}
