/** Bytes: a link frame is at most 65 000; a relay that sends more does not speak our protocol. */
export const messageBytesMax = 65_536

/** Bytes waiting in the browser above which `send` answers false: about a second of a slow uplink. */
export const highWaterBytes = 262_144

/** Bytes below which the sender hears `drained`: enough to keep the pipe busy until it has refilled it. */
export const lowWaterBytes = 65_536

/** Milliseconds between two looks at `bufferedAmount`, which has no event. Only while it is above the mark. */
export const drainPollMs = 10

/** Milliseconds from `new WebSocket` to its open event: DNS, TCP, TLS and the upgrade on a phone. */
export const dialTimeoutMs = 8_000

/** Bytes of UTF-8 that a close frame can carry as its reason (RFC 6455: 125 less the code). */
export const closeReasonBytesMax = 123
