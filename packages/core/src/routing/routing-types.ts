import type { BroadcastId } from '../wire/gossip-control.ts'
import type { DecodedPacket } from '../wire/packet.ts'

/** `plain`: a plain ALN node, or one under a name of its own choice; it cannot prove who it is in a session. */
export type PeerKind = 'member' | 'relay' | 'plain'

/** Packets to it are sent to end early: where their hops run out is what they ask. */
export const traceService = '$mesh.trace'

/** How a packet came to be delivered here. */
export interface Arrival {
  /** The neighbour that handed it over; one's own address for a local send. */
  readonly via: string
  /** Links crossed; 0 for a local send. */
  readonly hops: number
  /** It came in a session with exactly that source, or is of this node itself. */
  readonly verified: boolean
  /** The source is a plain ALN node. */
  readonly plain: boolean
  readonly broadcast: boolean
  /** The id of a broadcast. */
  readonly said?: BroadcastId | undefined
}

/** Takes a packet. May throw or reject: the router catches it, reports `HANDLER_FAILED` and tells the origin. */
export type PacketHandler = (packet: DecodedPacket, arrival: Arrival) => void | Promise<void>

/** One row of who can be reached, and how. */
export interface Destination {
  readonly address: string
  readonly kind: PeerKind
  readonly name: string
  readonly capabilities: readonly string[]
  /** Links between here and there; 1 is a neighbour. */
  readonly hops: number
  /** The sum of the link costs; without unit, smaller is better. */
  readonly cost: number
  /** The next hop; the address itself when it is a neighbour. */
  readonly via: string
  /** A link of ours ends there. */
  readonly direct: boolean
  /** This very process has answered in a session: it holds the keys of its address. Never for a plain node. */
  readonly verified: boolean
  /** It was asked for a session less than a minute ago, and did not answer: who has the choice takes somebody else (SE5). */
  readonly silent: boolean
  /** The node that answers for a plain host. */
  readonly gateway?: string | undefined
  /** Of the link, for neighbours. */
  readonly roundTripMs?: number | undefined
  /** When its process started: milliseconds since 1970, by its own clock. Of plain nodes nobody knows. */
  readonly startedAt?: number | undefined
}

/** A service at one node. */
export interface ServiceRow {
  readonly service: string
  readonly address: string
  /** 1 (idle) … 127 (full), as the wire has it. */
  readonly load: number
  /** Links between here and there; 0 for one's own. */
  readonly hops: number
  /** The sum of the link costs; without unit, smaller is better. */
  readonly cost: number
  readonly kind: PeerKind
  /** As in `Destination`. */
  readonly silent: boolean
  /** Milliseconds since this node learned of it; 0 again when it came back after it was gone. */
  readonly knownMs: number
  /** Milliseconds since its load changed last, as told here. */
  readonly unchangedMs: number
}

/** What `router.on` tells. Inside a listener the tables already show it. */
export interface RouterEvents {
  destination: [change: { readonly address: string; readonly state: 'up' | 'change' | 'down' }]
  /** `load` as in `ServiceRow`. */
  service: [change: { readonly service: string; readonly address: string; readonly load: number; readonly state: 'up' | 'change' | 'down' }]
  /** A link to this neighbour ended, and not by the wish of this node. */
  lost: [link: { readonly address: string }]
  /** Another process has this address, and its number is greater: to a router that yields. More than once, until it has another address. */
  contested: []
  /** What a neighbour wanted this node to know before it closed: a code of docs/errors.md and a line of text. */
  notice: [notice: { readonly code: string; readonly text: string; readonly from: string }]
  /** Anything hostile, odd or failed that was survived; `count` of its kind so far. */
  fault: [fault: { readonly code: string; readonly message: string; readonly count: number }]
}
