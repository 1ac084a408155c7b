import { wait, type Steps } from '../async/awaitable.ts'
import type { Crypto } from '../ports/crypto.ts'
import { concatBytes } from '../bytes/concat-bytes.ts'

/**
 * HKDF-SHA-256 (RFC 5869) in the form that Noise uses: no info, `count` outputs of 32 bytes each.
 * `salt` and `material` may have any length.
 */
export function* hkdf(crypto: Crypto, salt: Uint8Array, material: Uint8Array, count: 1 | 2 | 3): Steps<Uint8Array[]> {
  const key = yield* hkdfExtract(crypto, salt, material)
  const outputs: Uint8Array[] = []
  let block: Uint8Array = Uint8Array.of(1)
  for (let index = 1; index <= count; index += 1) {
    const output = yield* wait(crypto.hmacSha256(key, block))
    outputs.push(output)
    if (index < count) block = concatBytes([output, Uint8Array.of(index + 1)])
  }
  return outputs
}

/** The first half of HKDF: 32 bytes that `hkdfExpand` makes keys of. */
export function* hkdfExtract(crypto: Crypto, salt: Uint8Array, material: Uint8Array): Steps<Uint8Array> {
  return yield* wait(crypto.hmacSha256(salt, material))
}

/** The second half of HKDF: the 32 bytes that belong to `info`. */
export function* hkdfExpand(crypto: Crypto, key: Uint8Array, info: string): Steps<Uint8Array> {
  return yield* wait(crypto.hmacSha256(key, concatBytes([new TextEncoder().encode(info), Uint8Array.of(1)])))
}
