import { sameBytes } from '../bytes/same-bytes.ts'
import { utf8Length } from '../bytes/utf8-length.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { ByteWriter } from '../wire/bytes.ts'

/** A network as it stands on the wire: its name and a 16-byte hash of the admission key (zeros: no key). */
export interface WireNetwork {
  readonly name: string
  readonly keyHash: Uint8Array
}

export const keyHashBytes = 16
export const networkNameBytesMax = 64

/** 1–64 bytes of UTF-8, without '/' (it stands in URLs), control characters (it stands in logs) and halves of a surrogate pair. */
export function isNetworkName(name: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return /^[^/\u0000-\u001f\p{Cs}]+$/u.test(name) && utf8Length(name) <= networkNameBytesMax
}

/** A network as it stands on the wire; without a key hash (16 bytes) it is open. Throws INVALID_OPTION for what is no name. */
export function wireNetwork(name: string, keyHash: Uint8Array = new Uint8Array(keyHashBytes)): WireNetwork {
  if (!isNetworkName(name))
    throw new MeshError('INVALID_OPTION', `the name of a network has 1 to ${networkNameBytesMax} bytes of UTF-8 and no '/'`)
  if (keyHash.length !== keyHashBytes) throw new MeshError('INVALID_OPTION', `a key hash has ${keyHashBytes} bytes`)
  return { name, keyHash }
}

/** A network with a key. */
export function isKeyed(network: WireNetwork): boolean {
  return network.keyHash.some((byte) => byte !== 0)
}

/** The networks that a node takes for its own: one, or during a rotation the same name under several keys. */
export interface OwnNetworks {
  readonly network: WireNetwork
  /** Of keys that are understood beside the one in `network`. */
  readonly otherKeyHashes?: readonly Uint8Array[] | undefined
}

/** Undefined: `other` is this node's network; else in what it differs. */
export function networkMismatch(own: OwnNetworks, other: WireNetwork): 'NETWORK_MISMATCH' | 'NETWORK_KEY_MISMATCH' | undefined {
  if (own.network.name !== other.name) return 'NETWORK_MISMATCH'
  const known = [own.network.keyHash, ...(own.otherKeyHashes ?? [])].some((keyHash) => sameBytes(keyHash, other.keyHash))
  return known ? undefined : 'NETWORK_KEY_MISMATCH'
}

/** Name (u8 length + UTF-8), then the 16 bytes of the key hash. */
export function encodeWireNetwork(writer: ByteWriter, network: WireNetwork): void {
  writer.string(network.name).bytes(network.keyHash)
}
