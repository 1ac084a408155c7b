import { MeshError } from '../errors/mesh-error.ts'
import { encodeText } from './text-cache.ts'

// Addresses and names of services in packets: a length byte, then UTF-8. Nearly all of them are ASCII, which is written as it stands.

/** The limit of the format itself: a length byte. */
export const stringBytesMax = 255

/** Bytes that `putName` needs at most. One that is too long needs none, for it is never written. */
export function nameRoom(text: string | undefined): number {
  return text === undefined || text.length > stringBytesMax ? 0 : 1 + 3 * text.length
}

/** Writes it to `out[start …)` and answers where it ends. Throws `TOO_LARGE`, saying that it was the `name`. */
export function putName(out: Uint8Array, start: number, text: string, name: string): number {
  const { length } = text
  if (length > stringBytesMax) throw nameTooLong(name)
  out[start] = length
  let at = start + 1
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index)
    if (unit >= 0x80) return putUnicode(out, start, encodeText(text), name)
    out[at++] = unit
  }
  return at
}

function putUnicode(out: Uint8Array, start: number, bytes: Uint8Array, name: string): number {
  if (bytes.length > stringBytesMax) throw nameTooLong(name)
  out[start] = bytes.length
  out.set(bytes, start + 1)
  return start + 1 + bytes.length
}

export function nameTooLong(name: string): MeshError {
  return new MeshError('TOO_LARGE', `${name} takes more than ${stringBytesMax} bytes.`)
}
