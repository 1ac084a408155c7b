import { hexOf } from '../bytes/hex-of.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { isMemberForm } from '../identity/address.ts'
import { decodeValue, encodeValue } from '../functions/value-codec.ts'
import { messageDataBytesMax } from '../session/session-limits.ts'
import { ByteReader, ByteWriter } from '../wire/bytes.ts'
import { isWireFault } from '../wire/wire-fault.ts'

/**
 * Text travels as text and bytes as bytes, so that both arrive as they were given; and so do the other values that functions take:
 * numbers, bigint, booleans, null, undefined, and arrays, objects, Map, Set, Date and typed arrays of them. Not functions, and no classes.
 */
export type MessagePart = string | Uint8Array | number | bigint | boolean | null | undefined | object

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
  /** Of a broadcast: only who has this topic open hears of it. */
  readonly topic?: string | undefined
  /** Of a broadcast: its sender wants to know who has it. */
  readonly receipts?: boolean | undefined
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
export const messageIdBytes = 16
const flagInReplyTo = 1
const flagTo = 2
const flagTopic = 4
const flagReceipts = 8
const kindBytes = 0
const kindText = 1
const kindValue = 2
/** Its kind and its length. */
const partHeadBytesMax = 5
const idText = /^[0-9a-f]{32}$/
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Throws TOO_LARGE, or INVALID_OPTION for a part that cannot be sent. */
export function encodeMessage(body: MessageBody, bytesMax: number = messageBytesMax): Uint8Array {
  const { inReplyTo, to = [], topic } = body
  const writer = new ByteWriter(256).u8(version).bytes(bytesOfHex(body.id)).u48(body.sentAt)
  const flags = (inReplyTo === undefined ? 0 : flagInReplyTo) | (to.length === 0 ? 0 : flagTo)
  writer.u8(flags | (topic === undefined ? 0 : flagTopic) | (body.receipts === true ? flagReceipts : 0))
  if (inReplyTo !== undefined) writer.bytes(bytesOfHex(inReplyTo))
  if (to.length > 0) {
    const named = to.slice(0, recipientsMax)
    writer.u8(named.length)
    for (const address of named) writer.string(address)
  }
  if (topic !== undefined) writer.string(topic)
  if (body.parts.length > partsMax) throw new MeshError('TOO_LARGE', `a message has at most ${partsMax} parts, not ${body.parts.length}`)
  for (const part of body.parts) {
    const [kind, bytes] = encodePart(part, bytesMax)
    if (writer.length + bytes.length + partHeadBytesMax > bytesMax) throw tooLarge(bytesMax)
    writer.u8(kind).lengthed(bytes)
  }
  return writer.finish()
}

/** A string that has more UTF-16 units than bytes fit is not encoded first. */
function encodePart(part: MessagePart, bytesMax: number): readonly [kind: number, bytes: Uint8Array] {
  if (part instanceof Uint8Array) return [kindBytes, part]
  if (typeof part === 'string') {
    if (part.length > bytesMax) throw tooLarge(bytesMax)
    return [kindText, encoder.encode(part)]
  }
  const encoded = encodeValue(part)
  if (encoded instanceof MeshError) throw encoded
  return [kindValue, encoded]
}

/** Undefined for anything that `encodeMessage` does not write. Part kinds of a later version read as bytes. */
export function decodeMessage(bytes: Uint8Array): MessageBody | undefined {
  const reader = new ByteReader(bytes)
  if (reader.u8() !== version || bytes.length > messageBytesMax) return undefined
  const id = hexOf(reader.bytes(messageIdBytes))
  const sentAt = reader.u48()
  const flags = reader.u8()
  const inReplyTo = (flags & flagInReplyTo) === 0 ? undefined : hexOf(reader.bytes(messageIdBytes))
  const to = (flags & flagTo) === 0 ? undefined : Array.from({ length: Math.min(reader.u8(), recipientsMax) }, () => reader.string())
  if (to?.every((address) => isMemberForm(address)) === false) return undefined
  const topic = (flags & flagTopic) === 0 ? undefined : reader.string()
  const receipts = (flags & flagReceipts) !== 0 || undefined
  const parts: MessagePart[] = []
  while (reader.remaining > 0) {
    if (parts.length >= partsMax) return undefined
    const kind = reader.u8()
    const part = reader.lengthed()
    if (kind !== kindValue) {
      parts.push(kind === kindText ? decoder.decode(part) : part.slice())
      continue
    }
    const decoded = decodeValue(part)
    if (isWireFault(decoded)) return undefined
    parts.push(decoded.value as MessagePart)
  }
  return reader.failed ? undefined : { id, sentAt, inReplyTo, to, topic, receipts, parts }
}

/** Is what ids of messages look like. */
export function isMessageId(text: string): boolean {
  return idText.test(text)
}

function bytesOfHex(hex: string): Uint8Array {
  return Uint8Array.from({ length: messageIdBytes }, (_, index) => Number.parseInt(hex.slice(2 * index, 2 * index + 2), 16))
}

function tooLarge(bytesMax: number): MeshError {
  return new MeshError('TOO_LARGE', `the message has more than ${bytesMax} bytes with its envelope, which is what one message carries`)
}
