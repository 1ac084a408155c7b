import type { MeshError } from '../errors/mesh-error.ts'
import type { HandshakeContext } from './handshake.ts'

export interface LinkOptions {
  /** The only address that may answer. */
  readonly expect?: string | undefined
  /** The other end is a relay that was asked for by its URL: in a keyed network it is shown the admission, not the psk. */
  readonly toRelay?: boolean | undefined
  /** What a relay may ask for beside that; asked anew for each link. */
  readonly token?: HandshakeContext['token']
  /** For a relay: the last word on who comes in. An error refuses. */
  readonly admitMember?: HandshakeContext['admitMember']
  /** Asked for each address that a plain neighbour claims for itself, before it is believed. An error ends the link. */
  readonly admit?: ((address: string) => MeshError | undefined) | undefined
}
