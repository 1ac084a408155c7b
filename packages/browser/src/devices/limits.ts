/** Bytes: one link frame of 65 000 inside an ALN packet, each byte escaped, is about 130 KiB; a table of adverts may be as long. */
export const messageBytesMax = 262_144

/** Bytes that wait for a device before its channel is given up: whoever sends so much has not heeded `send` for minutes. */
export const bufferedBytesMax = 1_048_576

/** Milliseconds that one write may take: a device that is out of reach is told as lost within seconds, mostly. */
export const writeTimeoutMs = 10_000

/** Milliseconds that a closing channel may take to write what it took before. */
export const closingTimeoutMs = 2_000
