// DEFLATE as pages have it: streams of the browser's own. Undefined where there are none.

import type { Compression } from '@hopmesh/core'

export function pageCompression(): Compression | undefined {
  if (typeof CompressionStream === 'undefined' || typeof DecompressionStream === 'undefined') return undefined
  return {
    async deflate(bytes) {
      return (await through(new CompressionStream('deflate-raw'), bytes, Infinity)) ?? bytes
    },
    async inflate(bytes, bytesMax) {
      try {
        return await through(new DecompressionStream('deflate-raw'), bytes, bytesMax)
      } catch {
        return undefined
      }
    },
  }
}

async function through(
  stream: CompressionStream | DecompressionStream,
  bytes: Uint8Array,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  const writer = stream.writable.getWriter()
  // What goes wrong is heard at the other end.
  writer.write(bytes as Uint8Array<ArrayBuffer>).catch(() => {})
  writer.close().catch(() => {})
  const reader = stream.readable.getReader()
  const pieces: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.length
    if (length > bytesMax) {
      await reader.cancel()
      return undefined
    }
    pieces.push(value)
  }
  const whole = new Uint8Array(length)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
