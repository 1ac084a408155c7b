import type { Channel } from '../channel/channel.ts'
import type { MeshErrorCode } from '../errors/mesh-error.ts'
import type { Clock } from '../ports/clock.ts'
import type { Crypto, KeyPair } from '../ports/crypto.ts'
import type { Dice } from '../ports/dice.ts'
import type { Log } from '../ports/log.ts'

/** Who this process is, once loaded. */
export interface LoadedIdentity {
  readonly keyPair: KeyPair
  /** The 4 base32 characters after the dot; absent: drawn by core. */
  readonly tab?: string | undefined
  /** The epoch that the same address used last, if it is known: the next one is greater. */
  readonly lastEpoch?: number | undefined
}

/** One try at a direct channel between two members; `signal` data is text that only the dialer's own kind understands. */
export interface PeerAttempt {
  /** `dialer`: makes the offer. Decided by core, the same on both sides. */
  readonly role: 'dialer' | 'listener'
  /** Sends a signal to the other side over the mesh. */
  send(signal: string): void
}

export interface OpenedAttempt {
  /** A signal from the other side; late and foreign ones have been dropped by core. Never throws. */
  signal(signal: string): void
  /** Settles always: with the open channel, or a MeshError LINK_FAILED that says which step failed. */
  readonly channel: Promise<Channel>
  /** Gives up; `channel` rejects with ABORTED unless it settled. */
  cancel(): void
}

/** Makes direct channels out of signals: WebRTC in a page, pairs of memory channels in the simulator. */
export interface PeerDialer {
  /** Stands among the capabilities of the member record; two members with the same one can try. */
  readonly capability: string
  open(attempt: PeerAttempt): OpenedAttempt
}

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
  /** Opens a channel to a relay. Rejects with a MeshError (RELAY_UNREACHABLE, INVALID_OPTION); the signal aborts. */
  dialRelay(url: string, signal: AbortSignal): Promise<Channel>
  readonly peerDialers: readonly PeerDialer[]
  /** What the environment found worth telling before the mesh existed (INSECURE_CONTEXT). Emitted as `warning`. */
  readonly warnings: readonly { readonly code: MeshErrorCode; readonly message: string }[]
  /** Called once by `mesh.close()`, after the links are closed. */
  dispose?(): void
}
