// An ArrayBuffer of its own costs several times what filling it costs, so small packets share one, as Node's do.

const slabBytes = 32_768
const sharedBytesMax = 4_096

let buffer = new ArrayBuffer(0)
let slab = new Uint8Array(buffer)
let used = 0

/** `size` zeroed bytes that nobody else has; their `buffer` is shared, so it must never be handed on. */
export function allocate(size: number): Uint8Array {
  if (size > sharedBytesMax) return new Uint8Array(size)
  const start = take(size)
  return new Uint8Array(buffer, start, size)
}

/** As `allocate`, for what is only known to take at most `most` bytes: `write` puts it at `at` and answers where it ended. */
export function allocateFor(most: number, write: (out: Uint8Array, at: number) => number): Uint8Array {
  if (most > sharedBytesMax) {
    const own = new Uint8Array(most)
    return own.subarray(0, write(own, 0))
  }
  const start = take(most)
  used = write(slab, start)
  return new Uint8Array(buffer, start, used - start)
}

function take(size: number): number {
  if (used + size > slab.length) {
    buffer = new ArrayBuffer(slabBytes)
    slab = new Uint8Array(buffer)
    used = 0
  }
  const start = used
  used = start + size
  return start
}
