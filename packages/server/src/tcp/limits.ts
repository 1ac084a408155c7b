/** Largest `send`: one link frame of 65 000 B inside an ALN packet, each byte escaped, is about 130 KiB. */
export const tcpMessageBytesMax = 262_144

/** Above this a sender is asked to wait for `drained`. More only adds delay: the kernel has buffers of its own. */
export const tcpBufferedBytesHigh = 524_288

/** How long a closing socket may take to hand over what it still holds, before it is destroyed. */
export const tcpLingerMs = 2_000

/** What a closed socket still takes of the other side, which may not know it yet, before it is destroyed. */
export const lingerBytesMax = 1_048_576

/** The operating system asks a silent peer after this. While there is something that the peer has not taken it does not, and gives up after 15 minutes (Linux). */
export const tcpKeepAliveMs = 30_000

/** A host that does not answer a connect. */
export const tcpConnectTimeoutMs = 10_000
