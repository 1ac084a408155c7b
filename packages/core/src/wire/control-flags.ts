// The 16-bit control word of an ALN packet: 11 flags (which fields follow) under a Hamming code that mends one flipped
// bit. Both directions are tables, built once.

export const fieldFlags = {
  netState: 0x400,
  service: 0x200,
  srcAddr: 0x100,
  destAddr: 0x080,
  nextAddr: 0x040,
  seqNum: 0x020,
  ackBlock: 0x010,
  contextID: 0x008,
  dataType: 0x004,
  data: 0x002,
  crc: 0x001,
} as const

const parityMasks = [0x071d, 0x04db, 0x01b7, 0x026f] as const
const syndromeMasks = [0x826f, 0x41b7, 0x24db, 0x171d] as const
/** Syndrome → the data bit that is wrong; a syndrome that is not here blames a parity bit, which nobody reads. */
const flippedBit = new Map<number, number>([
  [0xf, 0x001],
  [0x7, 0x002],
  [0xb, 0x004],
  [0xd, 0x008],
  [0xe, 0x010],
  [0x3, 0x020],
  [0x5, 0x040],
  [0x6, 0x080],
  [0xa, 0x100],
  [0x9, 0x200],
  [0xc, 0x400],
])

function parity(value: number): number {
  let bits = value
  bits ^= bits >> 8
  bits ^= bits >> 4
  bits ^= bits >> 2
  bits ^= bits >> 1
  return bits & 1
}

const encoded = new Uint16Array(0x800)
for (let flags = 0; flags < 0x800; flags++) {
  encoded[flags] = parityMasks.reduce((word, mask, at) => word | (parity(flags & mask) << (12 + at)), flags)
}

/** Low 11 bits: the flags as meant. Bit 15: the word had an error (bit 11 is unused and never counts as one). */
const decoded = new Uint16Array(0x1_0000)
for (let word = 0; word < 0x1_0000; word++) {
  const syndrome = syndromeMasks.reduce((bits, mask, at) => bits | (parity(word & mask) << at), 0)
  decoded[word] = ((word ^ (flippedBit.get(syndrome) ?? 0)) & 0x7ff) | (syndrome === 0 ? 0 : 0x8000)
}

/** The control word for 11 flags. */
export function encodeControlFlags(flags: number): number {
  return encoded[flags & 0x7ff]!
}

/** The 11 flags as meant, one flipped bit mended. */
export function decodeControlFlags(word: number): number {
  return decoded[word & 0xffff]! & 0x7ff
}

/** Whether the word is one that an encoder makes. */
export function isCleanControlWord(word: number): boolean {
  return word >= 0 && (word & 0x800) === 0 && decoded[word & 0xffff]! < 0x8000
}
