import type { ControlDecoder } from '../wire/control-codec.ts'
import type { NoiseCipher } from '../crypto/noise.ts'
import type { MemberRecord } from '../identity/member-record.ts'
import type { Handshake } from './handshake.ts'
import type { LinkEgress } from './link-egress.ts'
import type { Liveness } from './liveness.ts'

/** The lives of a link, each with only what that life has. */
export type LinkState =
  | { readonly phase: 'opening' }
  /** `handshake` once both sides are known to be capable. */
  | { readonly phase: 'greeting'; readonly handshake: Handshake | undefined }
  | { readonly phase: 'joined'; readonly record: MemberRecord; readonly cipher: NoiseCipher; readonly decoder: ControlDecoder; readonly egress: LinkEgress; readonly liveness: Liveness }
  | { readonly phase: 'plain' }
  | { readonly phase: 'closed'; readonly why: string }
