// An ArrayBuffer of its own costs several times what filling it costs, so small packets share one, as Node's do.

const slabBytes = 32_768
const sharedBytesMax = 4_096

let slab = new ArrayBuffer(0)
let used = 0

/** `size` zeroed bytes that nobody else has; their `buffer` is shared, so it must never be handed on. */
export function allocate(size: number): Uint8Array {
  if (size > sharedBytesMax) return new Uint8Array(size)
  if (used + size > slab.byteLength) {
    slab = new ArrayBuffer(slabBytes)
    used = 0
  }
  const start = used
  used = start + size
  return new Uint8Array(slab, start, size)
}
