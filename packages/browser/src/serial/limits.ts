/** Bits per second: what the sketches open their USB port with. */
export const baudRate = 115_200

/** Bytes of one write, about 45 ms of the line: what waits in the browser cannot be counted or taken back. */
export const writeBytesMax = 512

/** Bytes waiting above which `send` answers false: about a second and a half of the line. */
export const highWaterBytes = 16_384

/** Bytes below which the sender hears `drained`. */
export const lowWaterBytes = 4_096
