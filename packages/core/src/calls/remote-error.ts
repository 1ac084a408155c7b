import { MeshError, meshErrorCodes, type MeshErrorCode } from '../errors/mesh-error.ts'
import { oneLine } from './one-line.ts'

/** A handler's own error, as the other side told it: the `cause` of a REMOTE_ERROR. */
export class RemoteError extends Error {
  override readonly name: string
  readonly code: string | undefined

  constructor(name: string, message: string, code?: string) {
    super(message)
    this.name = name
    this.code = code
  }
}

export const remoteErrorBytesMax = 1_024
const messageCharactersMax = 200
const wordCharactersMax = 64
const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** What a handler threw, as JSON of at most `remoteErrorBytesMax` bytes. The stack stays at home. */
export function encodeThrown(thrown: unknown): Uint8Array {
  const { name, code, message } = wordsOf(thrown)
  return encoder.encode(
    JSON.stringify({
      name: word(name) || 'Error',
      code: word(code) || undefined,
      message: line(typeof message === 'string' ? message : typeof thrown === 'string' ? thrown : ''),
    }),
  )
}

/** The REMOTE_ERROR for what `encodeThrown` made; any bytes will do. */
export function decodeThrown(bytes: Uint8Array, from: string): MeshError {
  const { name, code, message } = parse(bytes)
  const cause = new RemoteError(word(name) || 'Error', line(message), word(code) || undefined)
  return new MeshError('REMOTE_ERROR', `${from} answered with ${cause.name}: ${cause.message}`, { cause })
}

/** The text of a NET_ERROR is `CODE one line`; a code that is not ours is a remote error. */
export function decodeNetError(bytes: Uint8Array | undefined, from: string): MeshError {
  const text = line(decoder.decode(bytes ?? new Uint8Array()))
  const [first = '', ...rest] = text.split(' ')
  const known = meshErrorCodes.find((code): code is MeshErrorCode => code === first)
  if (known) return new MeshError(known, `${rest.join(' ') || 'failed'} (told by ${from})`)
  return new MeshError('REMOTE_ERROR', `${from} reports: ${text || 'an error without text'}`, { cause: new RemoteError('Error', text) })
}

export function encodeNetError(code: MeshErrorCode, text: string): Uint8Array {
  return encoder.encode(`${code} ${line(text)}`)
}

/** What can be read of it: an app may throw anything, also what throws when it is looked at. */
function wordsOf(thrown: unknown): Record<string, unknown> {
  try {
    const { name, code, message } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as Record<string, unknown>
    return { name, code, message }
  } catch {
    return {}
  }
}

function parse(bytes: Uint8Array): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(decoder.decode(bytes.subarray(0, 2 * remoteErrorBytesMax)))
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function word(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? oneLine(String(value), wordCharactersMax) : ''
}

function line(value: unknown): string {
  return typeof value === 'string' ? oneLine(value, messageCharactersMax) : ''
}
