import type { Channel } from '../channel/channel.ts'

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
