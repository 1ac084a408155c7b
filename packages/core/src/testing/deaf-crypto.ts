import { concatBytes } from '../bytes/concat-bytes.ts'
import type { Crypto } from '../ports/crypto.ts'

const messageTypes = { routes: 1, pull: 2, records: 3, refresh: 8 } as const

/**
 * Control messages pass the port of cryptography on their way: this one keeps what others say of others from a node, and the
 * node from asking for it. So thousands of members can stand around one node under test without knowing each other.
 */
export function deafCrypto(crypto: Crypto): Crypto {
  return {
    ...crypto,
    seal: (key, nonce, associated, plain) =>
      crypto.seal(key, nonce, associated, associated.length === 0 ? without(plain, [messageTypes.pull, messageTypes.refresh]) : plain),
    open(key, nonce, associated, sealed) {
      const plain = crypto.open(key, nonce, associated, sealed)
      if (plain instanceof Promise) throw new TypeError('toy cryptography answers at once')
      return plain && associated.length === 0 ? without(plain, [messageTypes.routes, messageTypes.records]) : plain
    },
  }
}

/** Items behind their varint lengths; the first byte of each is its type. */
function without(plain: Uint8Array, types: readonly number[]): Uint8Array {
  const kept: Uint8Array[] = []
  for (let at = 0; at < plain.length;) {
    const start = at
    let [length, scale] = [0, 1]
    for (let byte = 0x80; byte >= 0x80; scale *= 128) {
      byte = plain[at++]!
      length += (byte & 0x7f) * scale
    }
    if (!types.includes(plain[at]!)) kept.push(plain.subarray(start, at + length))
    at += length
  }
  return concatBytes(kept)
}
