// Messages that take fewer bytes on their way: deflated where the member says that it inflates, and where it pays.
//
//   version u8 (2) · varint length of what it was · raw DEFLATE of it
//
// What would become more than 64 times as long is neither said nor read, so that a few bytes cannot cost much.

import type { Compression } from '../ports/compression.ts'
import type { Awaitable } from '../ports/crypto.ts'
import { ByteReader, ByteWriter } from '../wire/bytes.ts'
import { messageBytesMax } from './message-codec.ts'

/** Stands among the capabilities of a member that inflates. */
export const deflateCapability = 'deflate'
/** Below this it would not pay. */
export const deflateBytesMin = 1_024
export const inflateRatioMax = 64
const version = 2

/** Undefined: it does not pay. */
export async function squeeze(message: Uint8Array, compression: Compression): Promise<Uint8Array | undefined> {
  if (message.length < deflateBytesMin) return undefined
  const deflated = await compression.deflate(message)
  const isWorth = deflated.length < (message.length * 7) / 8 && message.length <= deflated.length * inflateRatioMax
  return isWorth ? new ByteWriter(deflated.length + 8).u8(version).varint(message.length).bytes(deflated).finish() : undefined
}

/** The message; undefined: it is damaged. What was not squeezed is given back as it is. */
export function unsqueeze(bytes: Uint8Array, compression: Compression | undefined): Awaitable<Uint8Array | undefined> {
  const reader = new ByteReader(bytes)
  if (reader.u8() !== version) return bytes
  const length = reader.varint()
  const deflated = reader.rest()
  if (compression === undefined || reader.failed || length > messageBytesMax || length > deflated.length * inflateRatioMax) return undefined
  const inflated = compression.inflate(deflated, length)
  const whole = (found: Uint8Array | undefined): Uint8Array | undefined => (found?.length === length ? found : undefined)
  return inflated instanceof Promise ? inflated.then(whole) : whole(inflated)
}
