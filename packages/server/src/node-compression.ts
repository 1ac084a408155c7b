import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import type { Compression } from '@hopmesh/core'

const deflateRaw = promisify<Uint8Array, Uint8Array>(zlib.deflateRaw)
const inflateRaw = promisify<Uint8Array, zlib.ZlibOptions, Uint8Array>(zlib.inflateRaw)

export const nodeCompression: Compression = {
  deflate: async (bytes) => plain(await deflateRaw(bytes)),
  async inflate(bytes, bytesMax) {
    try {
      return plain(await inflateRaw(bytes, { maxOutputLength: Math.max(1, bytesMax) }))
    } catch {
      return undefined
    }
  },
}

/** No Buffer leaves this package. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
