const table = new Uint32Array(256)
for (let index = 0; index < 256; index++) {
  let value = index
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  table[index] = value
}

/** The CRC-32 of zlib over `bytes[start … end)`; pass the result of what came before to go on from there. */
export function crc32(bytes: Uint8Array, start: number = 0, end: number = bytes.length, before: number = 0): number {
  let value = ~before
  for (let at = start; at < end; at++) value = table[(value ^ bytes[at]!) & 0xff]! ^ (value >>> 8)
  return ~value >>> 0
}
