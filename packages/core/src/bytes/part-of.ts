/** Engines keep arrays up to this size inside the object; the first view of one makes them allocate a buffer for it. */
export const insideBytesMax = 64

/**
 * The bytes from `start` to `end`: a copy of a small part, which costs a fraction of a view of it, and a view of a large
 * one. For who only reads them, or owns the whole anyway.
 */
export function partOf(bytes: Uint8Array, start: number, end: number = bytes.length): Uint8Array {
  return end - start <= insideBytesMax ? bytes.slice(start, end) : bytes.subarray(start, end)
}
