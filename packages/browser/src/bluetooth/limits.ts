/** Bytes of one write. BLE promises 20 (an ATT MTU of 23); the stock sketch takes no more, and Web Bluetooth does not tell the MTU. */
export const writeBytesMax = 20

/** Bytes waiting above which `send` answers false: about a second of a slow link. */
export const highWaterBytes = 4_096

/** Bytes below which the sender hears `drained`: some dozen writes, enough to keep the radio busy meanwhile. */
export const lowWaterBytes = 1_024

/** A write that finds another GATT operation under way is tried again this often, after so many milliseconds each. */
export const busyTriesMax = 50
export const busyWaitMs = 20
