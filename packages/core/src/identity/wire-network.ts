import { MeshError } from '../errors/mesh-error.ts'
import type { ByteWriter } from '../wire/bytes.ts'

/** A network as it stands on the wire: its name and a 16-byte hash of the admission key (zeros: no key). */
export interface WireNetwork {
  readonly name: string
  readonly keyHash: Uint8Array
}

export const keyHashBytes = 16
/** It travels behind a length of one byte. */
export const networkNameBytesMax = 255

/** A network as it stands on the wire; without a key hash (16 bytes) it is open. Throws a MeshError on a name over 255 bytes. */
export function wireNetwork(name: string, keyHash: Uint8Array = new Uint8Array(keyHashBytes)): WireNetwork {
  if (new TextEncoder().encode(name).length > networkNameBytesMax) {
    throw new MeshError('INVALID_OPTION', `the name of a network has at most ${networkNameBytesMax} bytes of UTF-8`)
  }
  if (keyHash.length !== keyHashBytes) throw new MeshError('INVALID_OPTION', `a key hash has ${keyHashBytes} bytes`)
  return { name, keyHash }
}

/** Same name and same key. */
export function sameNetwork(left: WireNetwork, right: WireNetwork): boolean {
  return (
    left.name === right.name &&
    left.keyHash.length === right.keyHash.length &&
    left.keyHash.every((byte, index) => byte === right.keyHash[index])
  )
}

/** Name (u8 length + UTF-8), then the 16 bytes of the key hash. */
export function encodeWireNetwork(writer: ByteWriter, network: WireNetwork): void {
  writer.string(network.name).bytes(network.keyHash)
}
