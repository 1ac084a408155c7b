import type { Address } from '../identity/address.ts'
import type { NetworkKeyring } from '../identity/network-key.ts'
import type { WireNetwork } from '../identity/wire-network.ts'
import type { Crypto, ExchangeKeys, KeyPair } from '../ports/crypto.ts'

/** Who a router is: what its member record says and what it proves it with. */
export interface CapableIdentity {
  /** `who.tab` of a member or relay; a free-form name for kind `named`. */
  readonly address: Address
  readonly keyPair: KeyPair
  /** Of this process, never stored. */
  readonly exchangeKeys: ExchangeKeys
  readonly network: WireNetwork
  /** Of keys that are understood beside the one in `network`: a rotation. */
  readonly otherKeyHashes?: readonly Uint8Array[] | undefined
  /** Of a keyed network. A relay does without, and lets members in by admission. */
  readonly keyring?: NetworkKeyring | undefined
  readonly kind: 'member' | 'relay' | 'named'
  /** Greater than that of any earlier process with this address: unix seconds, or one more than the last. */
  readonly epoch: number
  readonly name: string
  readonly capabilities: readonly string[]
  readonly crypto: Crypto
}
