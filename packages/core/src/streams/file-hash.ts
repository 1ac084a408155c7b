import type { Crypto } from '../ports/crypto.ts'
import type { SizedSource } from './stream-source.ts'

/** Bytes that are hashed in one step. */
export const hashBlockBytes = 1_048_576

/**
 * Of the first `size` bytes of a source: H(0) is 32 zero bytes, H(n) = SHA-256(H(n − 1), n-th MiB), and the last block may be
 * shorter. A chain, because WebCrypto hashes only what is in memory as a whole. Undefined: the source is shorter.
 */
export async function fileHash(source: SizedSource, size: number, crypto: Crypto): Promise<Uint8Array | undefined> {
  if (size > source.size) return undefined
  const pieces = source.from(0)
  let hash: Uint8Array = new Uint8Array(32)
  let rest: Uint8Array = new Uint8Array(0)
  for (let left = size; left > 0;) {
    const block = new Uint8Array(32 + Math.min(hashBlockBytes, left))
    block.set(hash)
    for (let at = 32; at < block.length;) {
      if (rest.length === 0) rest = (await pieces.next()) ?? rest
      if (rest.length === 0) return undefined
      const part = rest.subarray(0, block.length - at)
      block.set(part, at)
      at += part.length
      rest = rest.subarray(part.length)
    }
    hash = await crypto.sha256(block)
    left -= block.length - 32
  }
  pieces.cancel(undefined)
  return hash
}
