// Bytes that are almost those that something is waiting for.

const interesting = [0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 100, 127, 128, 129, 192, 193, 219, 220, 221, 253, 254, 255]
const wide = [0, 1, 255, 256, 4_095, 4_096, 16_383, 16_384, 32_767, 32_768, 65_000, 65_535, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]

/** Dice of one seed: the same history each time (mulberry32). */
export class FuzzDice {
  #state

  constructor(seed) {
    this.#state = seed >>> 0
  }

  /** 0 … below − 1. */
  below(below) {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let value = this.#state
    value = Math.imul(value ^ (value >>> 15), value | 1)
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61)
    return ((value ^ (value >>> 14)) >>> 0) % below
  }

  pick(list) {
    return list[this.below(list.length)]
  }
}

/** One to eight changes of `input`. `others` are inputs to take parts of, `words` what the format knows. Never longer than `bytesMax`. */
export function mutate(input, dice, { others, words, bytesMax }) {
  let bytes = input.slice()
  for (let times = 1 + dice.below(dice.below(4) === 0 ? 8 : 3); times > 0; times -= 1) bytes = change(bytes, dice, others, words)
  return bytes.length > bytesMax ? bytes.slice(0, bytesMax) : bytes
}

function change(bytes, dice, others, words) {
  const at = dice.below(bytes.length + 1)
  const length = 1 + dice.below(dice.below(3) === 0 ? 64 : 8)
  switch (dice.below(12)) {
    case 0:
      return patched(bytes, at, (byte) => byte ^ (1 << dice.below(8)))
    case 1:
      return patched(bytes, at, () => dice.below(256))
    case 2:
      return patched(bytes, at, () => dice.pick(interesting))
    case 3:
      return patched(bytes, at, (byte) => byte + dice.below(35) - 17)
    case 4:
      return spliced(
        bytes,
        at,
        0,
        Uint8Array.from({ length }, () => dice.below(256)),
      )
    case 5:
      return spliced(bytes, at, length, new Uint8Array(0))
    case 6:
      return spliced(bytes, at, 0, bytes.slice(dice.below(bytes.length + 1)).slice(0, length * 4))
    case 7:
      return spliced(bytes, at, dice.below(3) === 0 ? length : 0, partOf(dice.pick(others), dice))
    case 8:
      return words.length > 0 ? spliced(bytes, at, dice.below(2) * length, dice.pick(words)) : bytes
    case 9:
      return spliced(bytes, at, 4, wideBytes(dice))
    case 10:
      return bytes.slice(0, at)
    default:
      return spliced(bytes, at, 0, new Uint8Array(length * (dice.below(8) === 0 ? 500 : 1)).fill(dice.pick(interesting)))
  }
}

function patched(bytes, at, byteOf) {
  if (at < bytes.length) bytes[at] = byteOf(bytes[at])
  return bytes
}

function spliced(bytes, at, removed, added) {
  const end = Math.min(bytes.length, at + removed)
  const out = new Uint8Array(bytes.length - (end - at) + added.length)
  out.set(bytes.subarray(0, at))
  out.set(added, at)
  out.set(bytes.subarray(end), at + added.length)
  return out
}

function partOf(other, dice) {
  const start = dice.below(other.length + 1)
  return other.slice(start, start + 1 + dice.below(64))
}

function wideBytes(dice) {
  const value = dice.pick(wide)
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, dice.below(2) === 0)
  return dice.below(2) === 0 ? bytes : bytes.slice(dice.below(3))
}
