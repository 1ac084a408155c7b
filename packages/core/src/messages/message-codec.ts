import { MeshError } from '../errors/mesh-error.ts'
import { ByteReader, ByteWriter } from '../wire/bytes.ts'

/** Text travels as text and bytes as bytes, so that both arrive as they were given. */
export type MessagePart = string | Uint8Array

/** The body of a message or broadcast, as it stands in the data of a packet. */
export interface MessageBody {
  /** 16 random bytes as 32 hex characters. */
  readonly id: string
  /** Milliseconds since 1970, by the sender's clock. */
  readonly sentAt: number
  /** The id of the message that this one answers. */
  readonly inReplyTo?: string | undefined
  readonly parts: readonly MessagePart[]
}

/** Envelope and parts: the 16 384 bytes that every link carries, less the id of a broadcast. 16 000 bytes of parts fit. */
export const messageBytesMax = 16_376

const version = 1
const idBytes = 16
const flagInReplyTo = 1
const kindBytes = 0
const kindText = 1
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Throws TOO_LARGE, or INVALID_OPTION for a part that is neither text nor bytes. */
export function encodeMessage(body: MessageBody): Uint8Array {
  const writer = new ByteWriter(256).u8(version).bytes(bytesOfHex(body.id)).u48(body.sentAt)
  writer.u8(body.inReplyTo === undefined ? 0 : flagInReplyTo)
  if (body.inReplyTo !== undefined) writer.bytes(bytesOfHex(body.inReplyTo))
  for (const part of body.parts) {
    if (typeof part !== 'string' && !(part instanceof Uint8Array)) {
      throw new MeshError('INVALID_OPTION', `a part of a message is a string or a Uint8Array, not ${typeof part}`)
    }
    writer.u8(typeof part === 'string' ? kindText : kindBytes).lengthed(typeof part === 'string' ? encoder.encode(part) : part)
    if (writer.length > messageBytesMax) {
      throw new MeshError('TOO_LARGE', `the message has more than ${messageBytesMax} bytes with its envelope, which is what one message carries`)
    }
  }
  return writer.finish()
}

/** Undefined for anything that `encodeMessage` does not write. Part kinds of a later version read as bytes. */
export function decodeMessage(bytes: Uint8Array): MessageBody | undefined {
  const reader = new ByteReader(bytes)
  if (reader.u8() !== version || bytes.length > messageBytesMax) return undefined
  const id = hexOf(reader.bytes(idBytes))
  const sentAt = reader.u48()
  const flags = reader.u8()
  const inReplyTo = (flags & flagInReplyTo) === 0 ? undefined : hexOf(reader.bytes(idBytes))
  const parts: MessagePart[] = []
  while (reader.remaining > 0) {
    const kind = reader.u8()
    const part = reader.lengthed()
    parts.push(kind === kindText ? decoder.decode(part) : part.slice())
  }
  return reader.failed ? undefined : { id, sentAt, inReplyTo, parts }
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: idBytes }, (_, index) => Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16))
}
