// What two capable neighbours tell each other beside packets. Control messages travel sealed, several to a link frame
// of kind `control`; the codec (encodeControl / decodeControl) lives beside this file's types.

import type { GossipMessage } from './gossip-control.ts'

/** One row of a routing advert. `seq48` is the origin's epoch × 65536 + its number; metric 65535 withdraws. */
export interface RouteEntry {
  readonly destination: string
  readonly seq48: number
  readonly metric: number
  readonly hops: number
  /** It leads over a link that closes soon: any other way is better (R12). */
  readonly fragile?: boolean | undefined
  /** Of a free-form name, which more than one node may have: the first 32 bits of the key behind it. */
  readonly tag?: number | undefined
}

export const metricInfinite = 0xffff

/** A sum over entries, in any order: what a neighbour was told (R10). */
export interface Digest {
  /** 32 bits. */
  readonly hash: number
  readonly count: number
}

export type ControlMessage =
  | GossipMessage
  /** Adverts. `complete`: everything that is not in it is withdrawn (R10). */
  | { readonly type: 'routes'; readonly entries: readonly RouteEntry[]; readonly complete: boolean }
  /** "Show me the member records of these origins." */
  | { readonly type: 'pull'; readonly wanted: readonly { readonly address: string; readonly seq48: number }[] }
  /** Signed member records, as bytes; the link verifies them before routing sees them. */
  | { readonly type: 'records'; readonly records: readonly Uint8Array[] }
  /** R6–R8: somebody starves for a route to `destination` with a number of at least `seq48`. */
  | { readonly type: 'request'; readonly destination: string; readonly seq48: number; readonly hops: number }
  /** Liveness and round trip: the same nonce comes back. `told`: everything that this side has told the other so far (R10). */
  | { readonly type: 'ping'; readonly nonce: number; readonly told: Digest }
  | { readonly type: 'pong'; readonly nonce: number; readonly told: Digest }
  /** "Tell me everything again": a complete dump is the answer (R10). */
  | { readonly type: 'refresh' }
  /** "I am a leaf: tell me of so many at most"; 0: of everybody (R14). */
  | { readonly type: 'rows'; readonly max: number }
  /** "I know more than I tell you: leave the rest to me", or no longer (R14). */
  | { readonly type: 'more'; readonly more: boolean }
  /** "I have many idle links: leave this one alone for so many seconds before you ask whether I am there." */
  | { readonly type: 'pace'; readonly seconds: number }
  /** "I shall close this link soon: take another way." (R12) */
  | { readonly type: 'closing' }
  /** A typed notice before or instead of a silent close: a code of docs/errors.md and one line for people. */
  | { readonly type: 'notice'; readonly code: string; readonly text: string }
