/** Of the same length, and byte by byte the same. Not for secrets: the time that it takes tells where they differ. */
export function sameBytes(one: Uint8Array, other: Uint8Array | undefined): boolean {
  return other !== undefined && one.length === other.length && one.every((byte, index) => byte === other[index])
}
