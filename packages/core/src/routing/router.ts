import type { Channel } from '../channel/channel.ts'
import type { MeshError } from '../errors/mesh-error.ts'
import type { Address } from '../identity/address.ts'
import type { WireNetwork } from '../identity/member-record.ts'
import type { Clock } from '../ports/clock.ts'
import type { Crypto, ExchangeKeys, KeyPair } from '../ports/crypto.ts'
import type { Dice } from '../ports/dice.ts'
import type { Log } from '../ports/log.ts'
import type { Packet } from '../wire/packet.ts'
import type { Destination, PacketHandler, PeerKind, RouterEvents, ServiceRow } from './routing-types.ts'

// SKETCH of the public face, replaced by the real file in this session; signatures are binding.

export interface CapableIdentity {
  readonly address: Address
  readonly keyPair: KeyPair
  readonly exchangeKeys: ExchangeKeys
  readonly network: WireNetwork
  readonly kind: 'member' | 'relay'
  readonly epoch: number
  readonly name: string
  readonly capabilities: readonly string[]
  readonly crypto: Crypto
}

export interface RouterOptions {
  readonly clock: Clock
  readonly dice: Dice
  readonly log?: Log | undefined
  readonly plainNodes?: 'accept' | 'refuse' | undefined
}

export interface LinkPeer {
  readonly address: string
  readonly kind: PeerKind
}

/** One neighbour-to-be: greeting first, then up, then closed. */
export interface RouterLink {
  readonly channel: Channel
  /** Set once the greeting is over. */
  readonly peer: LinkPeer | undefined
  /** Settles always: the peer, or a MeshError (NETWORK_MISMATCH, VERSION_MISMATCH, HANDSHAKE_FAILED, GREETING_TIMEOUT, LINK_FAILED, …). Never an unhandled rejection. */
  readonly up: Promise<LinkPeer>
  /** Resolves when the link is gone, with one line why. */
  readonly down: Promise<string>
  close(detail?: string): void
}

export declare class Router {
  /** A string: a plain ALN node under that free-form name. A CapableIdentity: a hopmesh node. */
  constructor(identity: string | CapableIdentity, options: RouterOptions)
  readonly address: string
  /** Undefined: it left, or was handed to a local handler. A service without destination goes to every provider, a local one included. */
  send(packet: Packet): MeshError | undefined
  /** A packet to every member that can be reached: `packet.service` names the handler there. Never comes back to the sender. */
  flood(packet: Packet): void
  /** `expect`: the only address that may be at the other end. */
  addChannel(channel: Channel, options?: { expect?: string | undefined }): RouterLink
  /** Names that start with '$' are never advertised. Throws INVALID_OPTION for a bad name. */
  registerService(name: string, handler: PacketHandler, options?: { load?: number | undefined; plain?: boolean | undefined }): void
  /** 1 … 127, as the wire has it. */
  setServiceLoad(name: string, load: number): void
  unregisterService(name: string): void
  /** `from`: only a reply of that source; it is dispatched before any service (DESIGN §7). */
  registerContext(handler: PacketHandler, options?: { from?: string | undefined }): number
  releaseContext(id: number): void
  destination(address: string): Destination | undefined
  destinations(): Destination[]
  routes(): Destination[]
  services(name?: string): ServiceRow[]
  links(): readonly RouterLink[]
  on<E extends keyof RouterEvents>(event: E, listener: (...event: RouterEvents[E]) => void): () => void
  close(): Promise<void>
}
