// The port that every pipe of bytes implements: memory, WebSocket, WebRTC, TCP, Bluetooth. It is all that a link
// knows of the world. The contract suite (`@hopmesh/core/testing`, channelContract) holds each body to what is said here.

/** What the bytes travel through; it sets the link's first cost. */
export type Medium = 'memory' | 'tabs' | 'webrtc' | 'websocket' | 'tcp' | 'bluetooth' | 'serial'

/**
 * What one message is.
 * - `frames`: each message is one link frame; only hopmesh can be at the other end.
 * - `stream`: boundaries mean nothing, KISS frames run through it; a plain ALN node may be at the other end.
 * - `text`: each message is one JSON packet in UTF-8; a plain ALN node may be at the other end.
 */
export type Carries = 'frames' | 'stream' | 'text'

/** Why a channel ended. Closing is never an error: `lost` only says that nobody asked for it. */
export interface CloseReason {
  readonly code: 'local' | 'remote' | 'lost'
  readonly detail: string
}

/** Who gets what arrives. None of its methods may throw. */
export interface ChannelReceiver {
  message(bytes: Uint8Array): void
  /** Room again after a `send` that answered false. */
  drained(): void
  /** Exactly once, last; also after a local `close`, in a later turn. */
  closed(reason: CloseReason): void
}

/** A pipe to one neighbour. `start` is called once; after `closed` there is nothing more. */
export interface Channel {
  readonly medium: Medium
  readonly carries: Carries
  /** Who opened it: the dialer speaks first in a greeting. */
  readonly role: 'dialer' | 'listener'
  /** For people and logs: 'ws://host/', 'tcp 10.0.0.7:8081'. Never parsed. */
  readonly label: string
  /** The largest message that `send` takes, in bytes. */
  readonly messageBytesMax: number
  /** What ties the handshake to this pipe (DTLS fingerprints, initiator first); absent where there is nothing. */
  readonly binding?: Uint8Array | undefined
  /** `send` has copied the message when it returns, and leaves its bytes to the sender. Absent: it keeps them. */
  readonly copiesMessages?: boolean | undefined
  /** A message costs much, whatever its size, so packets that end at the other end may be as large as a link frame. Never on `stream` and `text`. */
  readonly prefersLargeMessages?: boolean | undefined
  /** Bytes that `send` took and the transport has not. */
  readonly bufferedBytes: number
  /**
   * Starts delivery, once. What arrived before is kept (up to `messageBytesMax` or 64 messages; beyond that the channel
   * is lost) and delivered first, in order, never inside this call.
   */
  start(receiver: ChannelReceiver): void
  /**
   * Takes one message; the bytes belong to the channel afterwards, unless it `copiesMessages`. True: more is welcome. False: taken, but wait for
   * `drained`; or the channel is closed and the message is gone. Throws `TOO_LARGE` above `messageBytesMax` and never
   * for anything else. Order is kept; nothing is lost, doubled or altered while the channel lives. An empty message says
   * nothing: it is taken and never delivered. The other side hears of a message in a later turn, never inside this call.
   */
  send(message: Uint8Array): boolean
  /**
   * Reads no further until `resumeReading`, so that what the other side sends waits in its own buffers. What was read before may
   * still be delivered. Absent where the transport cannot wait, as a WebSocket of a page. Closing ends the pause.
   */
  pauseReading?(): void
  resumeReading?(): void
  /** Idempotent. What was taken before is still sent where the transport can; `closed` follows, with code `local`. */
  close(detail?: string): void
}
