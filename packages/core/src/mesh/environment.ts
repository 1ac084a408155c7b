import type { Channel } from '../channel/channel.ts'
import type { DeviceDialer } from '../devices/device-dialer.ts'
import type { MeshErrorCode } from '../errors/mesh-error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Compression } from '../ports/compression.ts'
import type { Awaitable, Crypto, KeyPair } from '../ports/crypto.ts'
import type { Dice } from '../ports/dice.ts'
import type { Log } from '../ports/log.ts'
import type { Store } from '../ports/store.ts'
import type { PeerDialer } from '../signaling/peer-dialer.ts'
import type { LateParts } from './late-parts.ts'

/** Who this process is, once loaded. */
export interface LoadedIdentity {
  readonly keyPair: KeyPair
  /** The 4 base32 characters after the dot; absent: drawn by core. */
  readonly tab?: string | undefined
  /** The epoch that the same address used last, if it is known: the next one is greater. */
  readonly lastEpoch?: number | undefined
  /** Where what belongs to this identity outlives the process; absent: nothing does. */
  readonly store?: Store | undefined
}

export type { Device, DeviceDialer, PairOptions } from '../devices/device-dialer.ts'
export type { OpenedAttempt, PeerAttempt, PeerDialer } from '../signaling/peer-dialer.ts'

/** All that core needs from the world around it. A page, Node and the simulator each build one. */
export interface Environment {
  readonly clock: Clock
  readonly dice: Dice
  readonly log: Log
  /** The port is chosen asynchronously (@noble is imported only where WebCrypto lacks). */
  readonly crypto: Promise<Crypto> | Crypto
  loadIdentity(crypto: Crypto): Promise<LoadedIdentity> | LoadedIdentity
  /** Called when core starts to use an epoch, so that the next process with this address takes a greater one. */
  keepEpoch?(address: string, epoch: number): void
  /**
   * Another process uses this one's address: gives the characters for another one, and keeps them in place of the old. Absent: drawn by
   * core, for this process only.
   */
  redrawTab?(who: string): Promise<string> | string
  /** Opens a channel to a relay. Rejects with a MeshError (RELAY_UNREACHABLE, INVALID_OPTION); the signal aborts. */
  dialRelay(url: string, signal: AbortSignal): Promise<Channel>
  /** `lateParts` of `@hopmesh/core/late`, at once or as soon as they are loaded. Asked for whenever one of them is needed. */
  late(): Awaitable<LateParts>
  /** Absent: nothing is squeezed, here or for this member. */
  readonly compression?: Compression | undefined
  readonly peerDialers: readonly PeerDialer[]
  /** At most one for each medium; absent where a node has no devices beside it. */
  readonly deviceDialers?: readonly DeviceDialer[] | undefined
  /** What the environment found worth telling before the mesh existed (INSECURE_CONTEXT). Emitted as `warning`. */
  readonly warnings: readonly { readonly code: MeshErrorCode; readonly message: string }[]
  /** `leave` is called when the page is left, before its channels are closed; the returned function forgets it. */
  onLeave?(leave: () => void): () => void
  /** `changed` is called when the page is hidden or shown, and at once if it is hidden. */
  onHidden?(changed: (hidden: boolean) => void): () => void
  /** Called once by `mesh.close()`, after the links are closed. */
  dispose?(): void
}
