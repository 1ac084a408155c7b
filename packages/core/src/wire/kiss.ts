import { allocate } from '../bytes/slab.ts'
import { WireFault } from './wire-fault.ts'

// KISS framing for byte streams: END closes a frame and stands nowhere inside it.

export const kissEnd = 0xc0
export const kissEscape = 0xdb
export const kissEscapedEnd = 0xdc
export const kissEscapedEscape = 0xdd

/** The packet with END and ESC escaped, and one END behind it: a view into a buffer that others share, never hand its `buffer` on. */
export function frame(packet: Uint8Array): Uint8Array {
  const { length } = packet
  const isFragile = packet.includes(kissEnd) || packet.includes(kissEscape)
  const escapes = isFragile ? escapesIn(new DataView(packet.buffer, packet.byteOffset, length), 0, length) : 0
  const framed = allocate(length + escapes + 1)
  framed.set(packet)
  if (escapes > 0) escapeInPlace(framed, 0, length, escapes)
  framed[length + escapes] = kissEnd
  return framed
}

/** How many bytes of `words[start … end)` become two. Four at a time: most are below both END and ESC. */
export function escapesIn(words: DataView, start: number, end: number): number {
  let escapes = 0
  let at = start
  for (; at + 4 <= end; at += 4) {
    const word = words.getInt32(at)
    if ((word & (word << 1) & 0x8080_8080) !== 0) escapes += escapesInWord(word)
  }
  for (; at < end; at++) escapes += escapesInWord(words.getUint8(at))
  return escapes
}

function escapesInWord(word: number): number {
  let escapes = 0
  for (let rest = word; rest !== 0; rest >>>= 8) {
    const byte = rest & 0xff
    if (byte === kissEnd || byte === kissEscape) escapes++
  }
  return escapes
}

/** Makes two of each of the `escapes` such bytes of `bytes[start … end)`, for which there is room behind it. */
export function escapeInPlace(bytes: Uint8Array, start: number, end: number, escapes: number): void {
  let to = end + escapes
  for (let from = end; from < to && from > start;) {
    const byte = bytes[--from]!
    if (byte === kissEnd) {
      bytes[--to] = kissEscapedEnd
      bytes[--to] = kissEscape
    } else if (byte === kissEscape) {
      bytes[--to] = kissEscapedEscape
      bytes[--to] = kissEscape
    } else bytes[--to] = byte
  }
}

/**
 * Undoes the escapes of `bytes[start … end)` into `out` at `at`; answers where it ended. As every stack does, an unknown
 * byte after ESC is dropped together with it.
 */
export function unescapeInto(bytes: Uint8Array, start: number, end: number, out: Uint8Array, at: number): number {
  let to = at
  for (let from = start; from < end; from++) {
    const byte = bytes[from]!
    if (byte !== kissEscape) {
      out[to++] = byte
      continue
    }
    const escaped = bytes[++from]
    if (from >= end) break
    if (escaped === kissEscapedEnd) out[to++] = kissEnd
    else if (escaped === kissEscapedEscape) out[to++] = kissEscape
  }
  return to
}

/** The packet bytes of one strict frame, with or without its closing END. A view when nothing was escaped. */
export function unframe(framed: Uint8Array): Uint8Array | WireFault {
  const end = framed.length > 0 && framed[framed.length - 1] === kissEnd ? framed.length - 1 : framed.length
  const body = framed.subarray(0, end)
  if (body.includes(kissEnd)) return new WireFault('bad-escape', 'END inside a frame')
  if (!body.includes(kissEscape)) return body
  for (let at = body.indexOf(kissEscape); at >= 0; at = body.indexOf(kissEscape, at + 2)) {
    const escaped = body[at + 1]
    if (escaped !== kissEscapedEnd && escaped !== kissEscapedEscape) return new WireFault('bad-escape', 'ESC before a byte that needs none')
  }
  const packet = new Uint8Array(end)
  return packet.subarray(0, unescapeInto(body, 0, end, packet, 0))
}
