/** Of one process: its heap and all buffers outside of it; and what the system gave it, sockets' memory in the kernel not included. */
export interface HeldBytes {
  readonly heapBytes: number
  readonly residentBytes: number
}

export function heldBytes(): HeldBytes {
  for (let pass = 0; pass < 4; pass++) globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  return { heapBytes: heapUsed + external, residentBytes: rss }
}
