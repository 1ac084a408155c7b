/**
 * Every code that a `MeshError`, a `warning` or an `error` of hopmesh carries; each has its paragraph in
 * `docs/errors.md` (a test holds the two lists against each other).
 */
export const meshErrorCodes = [
  'ABORTED',
  'ALONE_IN_NETWORK',
  'AMBIGUOUS_NAME',
  'BUSY',
  'CLOSED',
  'GREETING_TIMEOUT',
  'HANDLER_ARITY',
  'HANDLER_FAILED',
  'HANDSHAKE_FAILED',
  'HOP_LIMIT',
  'IDENTITY_FILE',
  'IDENTITY_IN_USE',
  'IDENTITY_STORAGE',
  'INSECURE_CONTEXT',
  'INVALID_OPTION',
  'KEY_FILE',
  'LINK_FAILED',
  'LINK_FLAPS',
  'NAME_CLASH',
  'NETWORK_KEY_MISMATCH',
  'NETWORK_MISMATCH',
  'NOT_ALLOWED',
  'NOT_A_MEMBER',
  'NOT_READY',
  'NO_BLUETOOTH',
  'NO_FUNCTION',
  'NO_HANDLER',
  'NO_REPLY',
  'NO_ROUTE',
  'NO_SERIAL',
  'NO_SERVICE',
  'OUTCOME_UNKNOWN',
  'PAIRING_DISMISSED',
  'PLAIN_REFUSED',
  'PORT_IN_USE',
  'QUEUE_FULL',
  'RELAY_UNREACHABLE',
  'REMOTE_ERROR',
  'RESTARTING',
  'STORAGE_FAILED',
  'STREAM_RESET',
  'TIMEOUT',
  'TOKEN_EXPIRED',
  'TOKEN_REFUSED',
  'TOKEN_REQUIRED',
  'TOO_LARGE',
  'UNKNOWN_NAME',
  'VERSION_MISMATCH',
  'WEAK_KEY',
  'WIRE_FAULT',
] as const

/** The part of a `MeshError` to match; docs/errors.md says of each what it means and what helps. */
export type MeshErrorCode = (typeof meshErrorCodes)[number]

export interface MeshErrorOptions {
  cause?: unknown
  /** What was tried before giving up: one line each. */
  tried?: readonly string[]
}

/** The only error that hopmesh rejects, throws or reports with. Match on `code`, never on the text. */
export class MeshError extends Error {
  override readonly name = 'MeshError'
  readonly code: MeshErrorCode
  readonly tried: readonly string[]

  constructor(code: MeshErrorCode, message: string, options: MeshErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.tried = options.tried ?? []
  }
}
