// The same few addresses and service names stand in every packet. Making a string out of bytes costs more than finding
// it again, so the short ASCII ones are remembered: two slots per hash, of which a third string takes the older one.

const slotsMax = 2_048
const cachedBytesMax = 64

const slots: string[] = new Array<string>(slotsMax).fill('')
/** How long each is; 0: none yet. */
const slotLengths = new Uint8Array(slotsMax)
/** The bytes of each: comparing bytes with bytes costs half of comparing them with a string. */
const slotBytes = new Uint8Array(slotsMax * cachedBytesMax)
/** For each two slots, which of them the next string takes. */
const next = new Uint8Array(slotsMax / 2)
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** The UTF-8 text at `bytes[start … end)`; undefined when it is not UTF-8. */
export function readText(bytes: Uint8Array, start: number, end: number): string | undefined {
  const length = end - start
  if (length < 3) return length === 0 ? '' : decodeText(bytes, start, end)
  if (length > cachedBytesMax) return decodeText(bytes, start, end)
  // Names of one network differ most at their end.
  const key = bytes[end - 1]! | (bytes[end - 2]! << 8) | (bytes[end - 3]! << 16) | (bytes[start + (length >> 1)]! << 24)
  const first = (Math.imul(key ^ length, 0x9e3779b1) >>> 21) & (slotsMax - 2)
  if (holds(first, bytes, start, end)) return slots[first]
  if (holds(first + 1, bytes, start, end)) return slots[first + 1]
  const text = decodeText(bytes, start, end)
  // Only ASCII has as many characters as bytes.
  if (text !== undefined && text.length === length) remember(first, text, bytes.subarray(start, end))
  return text
}

function holds(slot: number, bytes: Uint8Array, start: number, end: number): boolean {
  const length = end - start
  if (slotLengths[slot] !== length) return false
  let from = slot * cachedBytesMax + length
  let at = end
  while (at > start && slotBytes[--from] === bytes[at - 1]) at--
  return at === start
}

function remember(first: number, text: string, bytes: Uint8Array): void {
  const slot = first + next[first >> 1]!
  next[first >> 1] = slot === first ? 1 : 0
  slots[slot] = text
  slotLengths[slot] = bytes.length
  slotBytes.set(bytes, slot * cachedBytesMax)
}

function decodeText(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = ''
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    if (byte >= 0x80) return decodeUnicode(bytes, start, end)
    text += String.fromCharCode(byte)
  }
  return text
}

function decodeUnicode(bytes: Uint8Array, start: number, end: number): string | undefined {
  try {
    return strictDecoder.decode(bytes.subarray(start, end))
  } catch {
    return undefined
  }
}

export function encodeText(text: string): Uint8Array {
  const { length } = text
  if (length > cachedBytesMax) return encoder.encode(text)
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at++) {
    const unit = text.charCodeAt(at)
    if (unit >= 0x80) return encoder.encode(text)
    bytes[at] = unit
  }
  return bytes
}

/** Bytes that `text` takes in UTF-8; a lone surrogate counts as the U+FFFD it becomes. */
export function textBytes(text: string): number {
  let count = text.length
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) continue
    if (unit < 0x800) count += 1
    else {
      count += 2
      // A pair is two units of one 4-byte character.
      if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(at + 1))) at++
    }
  }
  return count
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}
