import type { Address } from '../identity/address.ts'

/** Who calls a function or opens a stream, in a mesh of type `M`. */
export interface CallerOf<M> {
  /** The mesh that was called. */
  readonly mesh: M
  readonly caller: Address
  /** The caller proved its address. */
  readonly verified: boolean
}
