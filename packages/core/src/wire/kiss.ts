import { allocate } from './slab.ts'
import { WireFault } from './wire-fault.ts'

// KISS framing for byte streams: END closes a frame and stands nowhere inside it.

export const kissEnd = 0xc0
export const kissEscape = 0xdb
export const kissEscapedEnd = 0xdc
export const kissEscapedEscape = 0xdd

/** The packet with END and ESC escaped, and one END behind it: a view into a buffer that others share, never hand its `buffer` on. */
export function frame(packet: Uint8Array): Uint8Array {
  const escapes = escapesIn(packet)
  const framed = allocate(packet.length + escapes + 1)
  if (escapes === 0) framed.set(packet)
  else escapeInto(packet, framed)
  framed[framed.length - 1] = kissEnd
  return framed
}

/** As `frame`, for a packet with one free byte behind it: where nothing is to be escaped that becomes the END, and nothing is copied. */
export function frameInPlace(packetAndRoom: Uint8Array): Uint8Array {
  const end = packetAndRoom.length - 1
  packetAndRoom[end] = 0
  if (escapesIn(packetAndRoom) > 0) return frame(packetAndRoom.subarray(0, end))
  packetAndRoom[end] = kissEnd
  return packetAndRoom
}

/** How many bytes become two. Most packets hold none of them, which is found out faster than by looking at each byte. */
function escapesIn(packet: Uint8Array): number {
  if (!packet.includes(kissEnd) && !packet.includes(kissEscape)) return 0
  let escapes = 0
  for (let at = 0; at < packet.length; at++) {
    const byte = packet[at]!
    if (byte === kissEnd || byte === kissEscape) escapes++
  }
  return escapes
}

function escapeInto(packet: Uint8Array, framed: Uint8Array): void {
  let to = 0
  for (let at = 0; at < packet.length; at++) {
    const byte = packet[at]!
    if (byte === kissEnd) {
      framed[to++] = kissEscape
      framed[to++] = kissEscapedEnd
    } else if (byte === kissEscape) {
      framed[to++] = kissEscape
      framed[to++] = kissEscapedEscape
    } else {
      framed[to++] = byte
    }
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
