import type { Awaitable } from './crypto.ts'

/** Raw DEFLATE (RFC 1951), as every runtime has it. */
export interface Compression {
  deflate(bytes: Uint8Array): Awaitable<Uint8Array>
  /** Undefined for what is damaged, or would be longer than `bytesMax`: nothing longer is ever held. */
  inflate(bytes: Uint8Array, bytesMax: number): Awaitable<Uint8Array | undefined>
}
