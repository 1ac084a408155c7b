/** Bytes that an app was given and has not looked at yet, of one stream: what it asks for at one time. */
const pulledBytesMax = 65_536

export interface ByteOrigin {
  /** The next bytes; undefined at the end. What it rejects with is the error of the stream. */
  read(): Promise<Uint8Array | undefined>
  /** More of them, if they are here. */
  take(): Uint8Array | undefined
  cancelled(reason: unknown): void
}

/**
 * What an app reads. It takes no more from the session than the app asks for, and so the sender is told to go on when the app
 * does; but one piece ahead, so that an end, a break and an empty stream are noticed by somebody.
 */
export function readableBytes(origin: ByteOrigin): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        let bytes: Uint8Array | undefined
        try {
          bytes = await origin.read()
        } catch (error) {
          controller.error(error)
          return
        }
        if (bytes === undefined) {
          controller.close()
          return
        }
        for (let pulled = 0; bytes !== undefined; bytes = pulled < pulledBytesMax ? origin.take() : undefined) {
          // The session's own copy, which nobody else has.
          controller.enqueue(bytes as Uint8Array<ArrayBuffer>)
          pulled += bytes.length
        }
      },
      cancel: (reason) => origin.cancelled(reason),
    },
    { highWaterMark: 1 },
  )
}
