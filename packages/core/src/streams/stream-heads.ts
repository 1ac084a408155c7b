// What stands in front of the bytes of a stream, each with its length as a varint. The opener says `open`; the other side answers
// `accept` and, if it ends well, sends the answer's bytes behind it. In front of a file's bytes the opener says at which offset it begins.
// Bytes, their order and their end are the session's; whoever gives a stream up says why in the reset or stop itself.

import { MeshError } from '../errors/mesh-error.ts'
import { decodeThrown, encodeThrown } from '../calls/remote-error.ts'
import type { StreamBreak } from '../session/session-stream.ts'
import { ByteReader, ByteWriter } from '../wire/bytes.ts'
import { WireFault } from '../wire/wire-fault.ts'

/** What a sender says of a source that has a size. Nothing of it is proven. */
export interface StreamFile {
  /** The same for the same file, also when it is sent again after a reload. */
  readonly id: string
  /** As the sender calls it, '' when it has no name: never a path to write to as it is. */
  readonly name: string
  /** A media type, or ''. */
  readonly type: string
  /** Bytes. */
  readonly size: number
}

export interface OpenHead {
  readonly name: string
  readonly file: StreamFile | undefined
}

export interface AcceptHead {
  /** The handler keeps what came: after a break the rest of the file is enough. */
  readonly resumable: boolean
  /** Bytes of the file that are there already. */
  readonly offset: number
  /** Of those bytes, when there are any. */
  readonly hash: Uint8Array | undefined
}

export const headBytesMax = 2_048
export const hashBytes = 32
const fileNameBytesMax = 1_024
const openFlags = { file: 1 } as const
const acceptFlags = { resumable: 1, hash: 2 } as const

/** Of a reset or a stop, beside 1, with which a session refuses at a limit. */
export const breakCodes = {
  /** Nothing is wrong: no more of it is wanted. */
  done: 0,
  busy: 1,
  /** The reason says what the app threw. */
  thrown: 2,
  aborted: 3,
  noHandler: 4,
  timeout: 5,
  closed: 6,
} as const

export function encodeOpen({ name, file }: OpenHead): Uint8Array {
  const writer = new ByteWriter().u8(file ? openFlags.file : 0).string(name)
  if (file) writer.string(file.id).string(file.type).varint(file.size).text(file.name)
  return lengthed(writer)
}

export function decodeOpen(head: Uint8Array): OpenHead | WireFault {
  const reader = new ByteReader(head)
  const flags = reader.u8()
  if (flags > openFlags.file) return new WireFault('bad-value', `flags ${flags} of an opened stream`)
  const name = reader.string()
  const file =
    flags === 0 ? undefined : { id: reader.string(), type: reader.string(), size: reader.varint(), name: reader.text(reader.remaining) }
  if (reader.failed || reader.remaining > 0) return new WireFault('truncated', 'the head of an opened stream')
  return { name, file }
}

export function encodeAccept({ resumable, offset, hash }: AcceptHead): Uint8Array {
  const writer = new ByteWriter().u8((resumable ? acceptFlags.resumable : 0) | (hash ? acceptFlags.hash : 0)).varint(offset)
  if (hash) writer.bytes(hash)
  return lengthed(writer)
}

export function decodeAccept(head: Uint8Array): AcceptHead | WireFault {
  const reader = new ByteReader(head)
  const flags = reader.u8()
  if (flags > (acceptFlags.resumable | acceptFlags.hash)) return new WireFault('bad-value', `flags ${flags} of an accepted stream`)
  const offset = reader.varint()
  const hash = flags & acceptFlags.hash ? reader.bytes(hashBytes).slice() : undefined
  if (reader.failed || reader.remaining > 0) return new WireFault('truncated', 'the head of an accepted stream')
  return { resumable: (flags & acceptFlags.resumable) !== 0, offset, hash }
}

/** A text that is longer loses its end: it is only shown. */
export function shownFileName(name: string): string {
  const encoder = new TextEncoder()
  let shown = name
  while (encoder.encode(shown).length > fileNameBytesMax) shown = shown.slice(0, Math.floor(shown.length * 0.9))
  return shown
}

function lengthed(writer: ByteWriter): Uint8Array {
  return new ByteWriter().lengthed(writer.finish()).finish()
}

/** Why this side gives a stream up, for the other. */
export interface BreakWords {
  readonly code: number
  readonly reason: Uint8Array
}

/** What the app threw: its handler, or its source. */
export function thrownWords(thrown: unknown): BreakWords {
  return { code: breakCodes.thrown, reason: encodeThrown(thrown) }
}

/** What the library says. */
export function ownWords(code: keyof typeof breakCodes): BreakWords {
  return { code: breakCodes[code], reason: new Uint8Array(0) }
}

/** What a break that the other side caused is to the app here: its own error by name, or that it ended. */
export function errorOf(broken: StreamBreak | undefined, peer: string, otherwise: MeshError): MeshError {
  if (broken?.by !== 'peer') return otherwise
  switch (broken.code) {
    case breakCodes.thrown:
      return decodeThrown(broken.reason, peer)
    case breakCodes.noHandler:
      return new MeshError('NO_HANDLER', `${peer} has no stream of that name`)
    case breakCodes.busy:
      return new MeshError('BUSY', `${peer} takes no more streams now`)
    case breakCodes.aborted:
      return new MeshError('STREAM_RESET', `${peer} aborted the stream`)
    case breakCodes.timeout:
      return new MeshError('STREAM_RESET', `${peer} waited for too long`)
    case breakCodes.closed:
      return new MeshError('STREAM_RESET', `${peer} left`)
    default:
      return otherwise
  }
}
