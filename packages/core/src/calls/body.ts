import { MeshError } from '../errors/mesh-error.ts'

/** What an app gives as the body of a call or an answer: nothing is an empty body. */
export type BodyInput = string | Uint8Array | undefined

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** Bytes that came from somebody else. */
export class Body {
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array | undefined) {
    this.bytes = bytes ?? new Uint8Array()
  }

  /** As UTF-8; what is not UTF-8 becomes U+FFFD. */
  text(): string {
    return decoder.decode(this.bytes)
  }

  /** Parsed. Throws WIRE_FAULT when it is not JSON. */
  json(): unknown {
    try {
      return JSON.parse(this.text())
    } catch (cause) {
      throw new MeshError('WIRE_FAULT', 'the body is not JSON', { cause })
    }
  }
}

/** Undefined: not something that can be a body. */
export function bodyBytes(body: unknown): Uint8Array | undefined {
  if (body === undefined) return new Uint8Array()
  if (typeof body === 'string') return encoder.encode(body)
  return body instanceof Uint8Array ? body : undefined
}
