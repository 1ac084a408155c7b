// Keys as people copy them: `hmk-` (a network key, secret), `hmp-` (its admission public key), `hmo-` (the public key of
// an operator, who signs tokens) or `hmi-` (an identity, secret) and 56 base32 characters of 32 bytes and a checksum. The prefixes keep a secret from being taken for a public key, and the checksum a mistyped
// key from silently being another network.

import { base32nopad } from '@scure/base'
import { concatBytes } from '../bytes/concat-bytes.ts'
import { crc32 } from '../wire/crc32.ts'

/** What a key is for, which stands in front of its text. */
export type KeyTextKind = 'network' | 'admission' | 'operator' | 'identity'

const prefixes: Readonly<Record<KeyTextKind, string>> = { network: 'hmk-', admission: 'hmp-', operator: 'hmo-', identity: 'hmi-' }
const kinds: readonly KeyTextKind[] = ['network', 'admission', 'operator', 'identity']
const keyBytes = 32
const checksumBytes = 3

/** The text of 32 bytes. */
export function keyText(kind: KeyTextKind, key: Uint8Array): string {
  return prefixes[kind] + base32nopad.encode(concatBytes([key, checksum(kind, key)])).toLowerCase()
}

/** Which kind of key a text claims to be; undefined: none, it has neither prefix. */
export function keyTextKind(text: string): KeyTextKind | undefined {
  const start = text.trim().slice(0, 4).toLowerCase()
  return kinds.find((kind) => prefixes[kind] === start)
}

/** The 32 bytes of a text of this kind; undefined when it is damaged or another. Case and space around do not matter. */
export function keyOfText(kind: KeyTextKind, text: string): Uint8Array | undefined {
  if (keyTextKind(text) !== kind) return undefined
  const written = text.trim().slice(4).toUpperCase()
  if (written.length !== 56 || !/^[A-Z2-7]+$/.test(written)) return undefined
  const bytes = base32nopad.decode(written)
  const key = bytes.slice(0, keyBytes)
  return checksum(kind, key).every((byte, index) => byte === bytes[keyBytes + index]) ? key : undefined
}

function checksum(kind: KeyTextKind, key: Uint8Array): Uint8Array {
  const sum = crc32(concatBytes([new TextEncoder().encode(prefixes[kind]), key]))
  return Uint8Array.from({ length: checksumBytes }, (_, index) => (sum >>> (8 * index)) & 0xff)
}
