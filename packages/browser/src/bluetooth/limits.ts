/** Bytes of one write. BLE promises 20 (an ATT MTU of 23); the stock sketch takes no more, and Web Bluetooth does not tell the MTU. */
export const writeBytesMax = 20

/** Bytes waiting above which `send` answers false: a few seconds of a slow link, and room for some calls of the largest size at once. */
export const highWaterBytes = 16_384

/** Bytes below which the sender hears `drained`: some hundred writes, enough to keep the radio busy until it has refilled it. */
export const lowWaterBytes = 4_096

/** A write that finds another GATT operation under way is tried again this often, after so many milliseconds each. */
export const busyTriesMax = 50
export const busyWaitMs = 20

/** Milliseconds that a remembered device is listened for before a try counts as failed: devices advertise every second or two. */
export const hearingMs = 10_000
