import { MeshError } from '../errors/mesh-error.ts'
import { isMemberForm } from '../identity/address.ts'
import { messageDataBytesMax } from '../session/session-limits.ts'
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
  /** Who else it was sent to, of a message to several: addresses of members. */
  readonly to?: readonly string[] | undefined
  readonly parts: readonly MessagePart[]
}

/** Envelope and parts of a message to one member: 16 MiB of parts fit. */
export const messageBytesMax: number = messageDataBytesMax
/** Envelope and parts of a broadcast: the 16 384 bytes that every link carries, less the id of a broadcast. 16 000 bytes of parts fit. */
export const broadcastBytesMax = 16_376
export const partsMax = 4_096
/** Others that a message to several names. */
export const recipientsMax = 64

const version = 1
const idBytes = 16
const flagInReplyTo = 1
const flagTo = 2
const kindText = 1
const kindBytes = 0
const idText = /^[0-9a-f]{32}$/
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Throws TOO_LARGE, or INVALID_OPTION for a part that is neither text nor bytes. */
export function encodeMessage(body: MessageBody, bytesMax: number = messageBytesMax): Uint8Array {
  const { inReplyTo, to = [] } = body
  const writer = new ByteWriter(256).u8(version).bytes(bytesOfHex(body.id)).u48(body.sentAt)
  writer.u8((inReplyTo === undefined ? 0 : flagInReplyTo) | (to.length === 0 ? 0 : flagTo))
  if (inReplyTo !== undefined) writer.bytes(bytesOfHex(inReplyTo))
  if (to.length > 0) {
    const named = to.slice(0, recipientsMax)
    writer.u8(named.length)
    for (const address of named) writer.string(address)
  }
  if (body.parts.length > partsMax) throw new MeshError('TOO_LARGE', `a message has at most ${partsMax} parts, not ${body.parts.length}`)
  for (const part of body.parts) {
    if (typeof part !== 'string' && !(part instanceof Uint8Array)) {
      throw new MeshError('INVALID_OPTION', `a part of a message is a string or a Uint8Array, not ${typeof part}`)
    }
    if (writer.length + part.length > bytesMax) throw tooLarge(bytesMax)
    writer.u8(typeof part === 'string' ? kindText : kindBytes).lengthed(typeof part === 'string' ? encoder.encode(part) : part)
    if (writer.length > bytesMax) throw tooLarge(bytesMax)
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
  const to = (flags & flagTo) === 0 ? undefined : Array.from({ length: Math.min(reader.u8(), recipientsMax) }, () => reader.string())
  if (to?.every((address) => isMemberForm(address)) === false) return undefined
  const parts: MessagePart[] = []
  while (reader.remaining > 0) {
    if (parts.length >= partsMax) return undefined
    const kind = reader.u8()
    const part = reader.lengthed()
    parts.push(kind === kindText ? decoder.decode(part) : part.slice())
  }
  return reader.failed ? undefined : { id, sentAt, inReplyTo, to, parts }
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Is what ids of messages look like. */
export function isMessageId(text: string): boolean {
  return idText.test(text)
}

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: idBytes }, (_, index) => Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16))
}

function tooLarge(bytesMax: number): MeshError {
  return new MeshError('TOO_LARGE', `the message has more than ${bytesMax} bytes with its envelope, which is what one message carries`)
}
