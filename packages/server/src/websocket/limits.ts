/** The subprotocol that a hopmesh client asks for: binary messages, one link frame each. */
export const subprotocol = 'hopmesh.1'

/** One link frame. */
export const frameMessageBytesMax = 65_000

/** One JSON packet: a link frame, or 65 535 B of data, in base64 with its other fields. */
export const textMessageBytesMax = 131_072

/** Above this a sender is asked to wait for `drained`. */
export const webSocketBufferedBytesHigh = 524_288

/** How long a closing socket may take for its last bytes and the other side's answer. */
export const webSocketLingerMs = 2_000

/** What a closed socket still takes of the other side, which may not know it yet, before it is ended. */
export const webSocketLingerBytesMax = 1_048_576

/** A server that accepts a connection and does not answer the upgrade. */
export const upgradeTimeoutMs = 8_000
