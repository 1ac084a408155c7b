import type { MeshError, MeshErrorCode } from '../errors/mesh-error.ts'
import type { Address } from '../identity/address.ts'
import type { Peer } from '../membership/peer.ts'
import type { Delivery, Message } from '../messages/message.ts'

/** Another process had this node's address (IDENTITY_IN_USE): it has another one now. */
export interface AddressEvent {
  readonly address: Address
  readonly before: Address
}

/** A first link is up: at the beginning, or after there was none. */
export interface OnlineEvent {
  /** The first time in the life of this mesh. */
  readonly first: boolean
  /** It was online before and is again. */
  readonly reconnect: boolean
}

/** Something is not as it should be, and the mesh goes on. */
export interface MeshWarning {
  readonly code: MeshErrorCode
  readonly message: string
}

/** Checked where a listener is added: a misspelled event would never come. */
export const meshEventNames: readonly string[] = [
  'online',
  'offline',
  'address',
  'peer',
  'message',
  'delivery',
  'warning',
  'error',
] satisfies (keyof MeshEvents)[]

/** What `mesh.on` tells. Inside a listener the tables already show what it was told. */
export interface MeshEvents {
  /** The first link is up, to a relay or to anybody else, and what was told over it is in the tables (after a second at most). */
  online: [event: OnlineEvent]
  /** The last link is down. */
  offline: []
  /** This node has another address, under the same `who`: another process had its old one. All links begin anew. */
  address: [event: AddressEvent]
  /** Somebody came, changed or went: see `state`. */
  peer: [peer: Peer]
  message: [message: Message]
  /** What became of a message that `send` had stored, perhaps in an earlier process. */
  delivery: [delivery: Delivery]
  warning: [warning: MeshWarning]
  /** A listener failed (HANDLER_FAILED), or something inside did. Logged when nobody listens. */
  error: [error: MeshError]
}
