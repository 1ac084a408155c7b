// What members say to each other about calls, as the data of packets to `$mesh.call` (MM9). All of it travels in sessions, in any
// order: what belongs together says so by the call's id, and answers are numbered.

import { ByteReader, ByteWriter } from '../wire/bytes.ts'
import { WireFault } from '../wire/wire-fault.ts'

export const callService = '$mesh.call'

/** What `dataType` says on a packet of `$mesh.call`. */
export const callTypes = { request: 3, answer: 4, taken: 5, cancel: 6, ask: 7 } as const

/** Where a name is looked up: services and functions of one name have nothing to do with each other. */
export type NameSpace = 'service' | 'function'

/** `item`: one answer, more may come. `last`: one answer, and the end. `thrown`: JSON as in MM2. `failed`: `CODE text`. */
export type AnswerKind = 'item' | 'last' | 'end' | 'thrown' | 'failed'

export interface CallRequest {
  /** 16 random bytes. */
  readonly id: Uint8Array
  readonly space: NameSpace
  readonly name: string
  /** Until the first answer; undefined: no limit. */
  readonly timeoutMs: number | undefined
  /** Requests of one caller with one key are one: it is executed once, and each is given the outcome. */
  readonly key: string | undefined
  readonly body: Uint8Array
}

export interface CallAnswer {
  readonly id: Uint8Array
  readonly kind: AnswerKind
  /** The place of this one among the answers, from 0. */
  readonly index: number
  readonly body: Uint8Array
}

export const callIdBytes = 16
/** Names of functions, in UTF-8. Those of services are shorter. */
export const callNameBytesMax = 255
export const callKeyBytesMax = 255
/** Answers, and bytes of answers, that a caller holds and has not read; one answer may come whatever its size. */
export const answersAheadMax = 64
export const answerBytesAheadMax = 1_048_576

const spaces: readonly NameSpace[] = ['service', 'function']
const kinds: readonly AnswerKind[] = ['item', 'last', 'end', 'thrown', 'failed']
const hasKey = 1

/** Throws TOO_LARGE for a name or key of more than 255 bytes. */
export function encodeCallRequest({ id, space, name, timeoutMs, key, body }: CallRequest): Uint8Array {
  const writer = new ByteWriter(64 + body.length).bytes(id)
  writer.u8(spaces.indexOf(space)).string(name)
  // 0 says that there is no limit: one of less than a millisecond is none.
  writer.varint(timeoutMs === undefined || timeoutMs === Infinity ? 0 : Math.min(Math.ceil(timeoutMs), Number.MAX_SAFE_INTEGER))
  writer.u8(key === undefined ? 0 : hasKey)
  if (key !== undefined) writer.string(key)
  return writer.bytes(body).finish()
}

export function decodeCallRequest(bytes: Uint8Array): CallRequest | WireFault {
  const reader = new ByteReader(bytes)
  const id = reader.bytes(callIdBytes)
  const space = spaces[reader.u8()]
  const name = reader.string()
  const timeoutMs = reader.varint()
  const key = (reader.u8() & hasKey) === 0 ? undefined : reader.string()
  const body = reader.rest()
  if (reader.failed) return new WireFault('truncated', 'a call ends before its fields do')
  if (space === undefined) return new WireFault('unknown-kind', 'a call into a name space that is not known here')
  return { id, space, name, timeoutMs: timeoutMs === 0 ? undefined : timeoutMs, key, body }
}

export function encodeCallAnswer({ id, kind, index, body }: CallAnswer): Uint8Array {
  return new ByteWriter(32 + body.length).bytes(id).u8(kinds.indexOf(kind)).varint(index).bytes(body).finish()
}

export function decodeCallAnswer(bytes: Uint8Array): CallAnswer | WireFault {
  const reader = new ByteReader(bytes)
  const id = reader.bytes(callIdBytes)
  const kind = kinds[reader.u8()]
  const index = reader.varint()
  const body = reader.rest()
  if (reader.failed) return new WireFault('truncated', 'an answer ends before its fields do')
  return kind === undefined ? new WireFault('unknown-kind', 'an answer of a kind that is not known here') : { id, kind, index, body }
}

/** How many answers the caller has read; a cancel says nothing but the id. */
export function encodeTaken(id: Uint8Array, count: number): Uint8Array {
  return new ByteWriter(32).bytes(id).varint(count).finish()
}

export function decodeTaken(bytes: Uint8Array): { readonly id: Uint8Array; readonly count: number } | WireFault {
  const reader = new ByteReader(bytes)
  const id = reader.bytes(callIdBytes)
  const count = reader.varint()
  return reader.failed ? new WireFault('truncated', 'a count of answers ends before it is whole') : { id, count }
}

/** Of a caller that has heard nothing for a while: how many answers it has read, and how many came. */
export function encodeAsk(id: Uint8Array, counts: { readonly taken: number; readonly arrived: number }): Uint8Array {
  return new ByteWriter(32).bytes(id).varint(counts.taken).varint(counts.arrived).finish()
}

export function decodeAsk(bytes: Uint8Array): { readonly id: Uint8Array; readonly taken: number; readonly arrived: number } | WireFault {
  const reader = new ByteReader(bytes)
  const id = reader.bytes(callIdBytes)
  const taken = reader.varint()
  const arrived = reader.varint()
  return reader.failed ? new WireFault('truncated', 'a question about a call ends before it is whole') : { id, taken, arrived }
}

export function callIdText(id: Uint8Array): string {
  return String.fromCharCode(...id)
}
