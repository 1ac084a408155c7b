// Buffers that hold something for a moment only, and then something else. Fresh memory costs more than what is written into it:
// the system hands it out page by page, and the collector has to take it back.

/** Sizes, and how many of each are kept: a few words; a packet with all that stands around it; a link frame, which holds several. */
const kept = [
  { bytes: 512, most: 4, spares: [] as Uint8Array[] },
  { bytes: 17_408, most: 64, spares: [] as Uint8Array[] },
  { bytes: 65_000, most: 24, spares: [] as Uint8Array[] },
] as const

/** At least `size` bytes, of whatever they held before. */
export function spareBuffer(size: number): Uint8Array {
  for (const { bytes, spares } of kept) if (size <= bytes) return spares.pop() ?? new Uint8Array(bytes)
  return new Uint8Array(size)
}

/** What `spareBuffer` gave, or a part of it: nobody looks at any of it any more. Larger ones are rare, and would be kept for ever. */
export function giveBack(part: Uint8Array): void {
  const { buffer } = part
  for (const { bytes, most, spares } of kept) {
    if (buffer.byteLength === bytes && spares.length < most) spares.push(part.length === bytes ? part : new Uint8Array(buffer))
  }
}
