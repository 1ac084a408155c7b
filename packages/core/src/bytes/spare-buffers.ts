// Buffers that hold something for a moment only, and then something else. Fresh memory costs more than what is written into it:
// the system hands it out page by page, and the collector has to take it back.

const smallBytes = 512
/** A packet with all that stands around it. */
const largeBytes = 17_408
/** Larger ones are rare, and would be kept for ever. */
const largestBytes = 20_480
const smallMax = 4
const largeMax = 64
const small: Uint8Array[] = []
const large: Uint8Array[] = []

/** At least `size` bytes, of whatever they held before. */
export function spareBuffer(size: number): Uint8Array {
  if (size <= smallBytes) return small.pop() ?? new Uint8Array(smallBytes)
  const spare = large.pop()
  return spare !== undefined && spare.length >= size ? spare : new Uint8Array(Math.max(size, largeBytes))
}

/** What `spareBuffer` gave, or a part of it: nobody looks at any of it any more. */
export function giveBack(bytes: Uint8Array): void {
  const { byteLength } = bytes.buffer
  const spares = byteLength === smallBytes ? small : large
  if (byteLength > largestBytes || (spares === large && byteLength < largeBytes)) return
  if (spares.length < (spares === small ? smallMax : largeMax)) spares.push(new Uint8Array(bytes.buffer))
}
