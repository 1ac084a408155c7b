import type { Handshake, HandshakeResult } from './handshake.ts'
import type { JoinedLife } from './joined-life.ts'

/** The lives of a link, each with only what that life has. */
export type LinkState =
  | { readonly phase: 'opening' }
  /** `handshake` once both sides are known to be capable. */
  | { readonly phase: 'greeting'; readonly handshake: Handshake | undefined }
  /** Everything is proven, but the listener may still say no. */
  | { readonly phase: 'confirming'; readonly result: HandshakeResult }
  | { readonly phase: 'joined'; readonly life: JoinedLife }
  | { readonly phase: 'plain' }
  | { readonly phase: 'closed'; readonly why: string }
