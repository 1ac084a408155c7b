/**
 * What two members tell each other to come to a direct channel, as JSON in `$mesh.signal` packets.
 * - `want`: "you make the offers between us: please dial me".
 * - `signal`: text of the attempt's dialer or listener; `index` numbers them, so that a double is dropped.
 * - `busy`: "not now, I have links enough"; answers a want or an attempt.
 * - `cancel`: "I gave this attempt up".
 */
export type Signal = PleaSignal | AttemptSignal

export interface PleaSignal {
  readonly type: 'want' | 'busy' | 'cancel'
  /** 8 random bytes as 16 hex characters. */
  readonly attempt: string
}

export interface AttemptSignal {
  readonly type: 'signal'
  readonly attempt: string
  /** Grows with each attempt of one dialer, so that an older one never replaces a newer. */
  readonly number: number
  readonly index: number
  readonly capability: string
  readonly data: string
}

/** A session description with its candidates is 2 to 6 kB. */
export const signalBytesMax = 16_000
const attemptForm = /^[0-9a-f]{16}$/
const encoder = new TextEncoder()
const decoder = new TextDecoder()

export function encodeSignal(signal: Signal): Uint8Array {
  return encoder.encode(JSON.stringify(signal))
}

/** Undefined for everything that is not a signal. */
export function decodeSignal(bytes: Uint8Array | undefined): Signal | undefined {
  const fields = parse(bytes)
  if (!fields || typeof fields.attempt !== 'string' || !attemptForm.test(fields.attempt)) return undefined
  const { type, attempt, number, index, capability, data } = fields
  if (type === 'want' || type === 'busy' || type === 'cancel') return { type, attempt }
  if (type !== 'signal' || !isCount(number) || !isCount(index) || typeof capability !== 'string' || typeof data !== 'string')
    return undefined
  return { type, attempt, number, index, capability, data }
}

function parse(bytes: Uint8Array | undefined): Record<string, unknown> | undefined {
  if (!bytes || bytes.length > signalBytesMax) return undefined
  try {
    const parsed: unknown = JSON.parse(decoder.decode(bytes))
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
