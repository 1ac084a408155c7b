/** Bytes: a link frame is at most 65 000. Chromium takes 262 144 and throws at one more; larger messages are no faster. */
export const messageBytesMax = 65_536

/** Bytes waiting in the browser above which `send` answers false: a busy page comes back before they are gone. The browser itself throws at 16 MiB. */
export const highWaterBytes = 1_048_576

/** Bytes below which the sender hears `drained`. */
export const lowWaterBytes = 262_144

/** Milliseconds from the first signal to an open channel, on the slowest path that is worth waiting for. */
export const attemptTimeoutMs = 15_000

/** Milliseconds that a closing channel may take to hand over what it took before it is torn down. */
export const closingTimeoutMs = 2_000

/** Characters of one signal: an offer for a data channel has about 600, a candidate 200. */
export const signalCharsMax = 16_384

/** Signals of one attempt: an offer or answer and its candidates; a host with many addresses has some dozens. */
export const signalsMax = 128
