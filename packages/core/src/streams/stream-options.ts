import type { OperationOptions } from '../async/operations.ts'
import type { Address } from '../identity/address.ts'

/** How far a stream has come. */
export interface StreamProgress {
  /** As it was given. */
  readonly target: string
  readonly address: Address
  /** Bytes of the source that the other side has; those that were lost with it are taken back when it is taken up again. */
  readonly sent: number
  /** Bytes of the source, if it says so. */
  readonly total: number | undefined
}

/** How something is streamed. `timeoutMs` (10 000) is how long the other side may take to take it; `signal` ends it at any time. */
export interface StreamOptions extends OperationOptions {
  /** Called while bytes arrive there, at most ten times a second, and when all have. */
  onProgress?: ((progress: StreamProgress) => void) | undefined
  /** For how long a file (Blob, bytes) is taken up again after its session was lost, if the handler there keeps what came. Default 60 000 ms; 0: never. */
  resumeMs?: number | undefined
  /** What makes two sendings the same file: default its name, size and date; without a name each sending is another one. At most 200 bytes. */
  id?: string | undefined
}

export const streamOptions: readonly string[] = ['signal', 'timeoutMs', 'onProgress', 'resumeMs', 'id'] satisfies (keyof StreamOptions)[]
