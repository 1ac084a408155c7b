// Every bound of the room, with its unit. What happens at each one is said where it is used.

import { largePacketDataBytesMax, packetDataBytesMax } from '../wire/mesh-packet.ts'

/** One packet of a session: what every capable link carries. Links that cannot, fragment inside themselves. */
export const sessionPacketBytesMax: number = packetDataBytesMax
/** One whose peer is the neighbour, where large messages are cheaper: a trip to the cipher and a message of the channel for four times as much. */
export const largeSessionPacketBytesMax: number = largePacketDataBytesMax
/** In front of a record's ciphertext: kind, connection id, packet number. */
export const recordHeadBytes = 15
const tagBytes = 16
/** A packet but for its frames. */
export const recordOverheadBytes: number = recordHeadBytes + tagBytes
/** Both what is written and what is read. */
export const framesPerRecordMax = 512

/** A datagram fits one record beside the largest acknowledgement. */
export const datagramBytesMax = 15_900
/** Datagrams that wait for the congestion window; then the oldest goes. */
export const datagramsQueuedMax = 64
/** 16 MiB of an app's own, and what the library puts in front of them. */
export const messageBytesMax = 16_781_312
/** Of it, the data of the packet in a message. The rest is for the packet's head. */
export const messageDataBytesMax = 16_780_288
/** Messages that are not delivered yet, of one session; then QUEUE_FULL. */
export const messagesUnsettledMax = 8_192
export const messageBytesUnsettledMax = 33_562_624

/** Packet numbers behind the highest one that are still told apart. */
export const replayWindowPackets = 8_192
/** Ranges in one acknowledgement, and remembered for it. */
export const ackRangesMax = 32
export const ackDelayMs = 20
/** From the second packet on an acknowledgement waits so long for another one: each is a packet of its own, and as dear to send as a full one. */
export const ackGatherMs = 4
/** Packets, and bytes: less than what the least sender that matters has on its way. */
export const ackElicitingMax = 32
export const ackBytesMax: number = ackElicitingMax * sessionPacketBytesMax

/** Sent and not acknowledged, of one connection. */
export const packetsInFlightMax = 1_024
export const rtoFirstMs = 1_000
export const rtoLeastMs = 200
export const rtoMostMs = 10_000
/** A connection is given up when what it sent stays unacknowledged for so long, and that often asked for. */
export const unacknowledgedMsMax = 30_000
export const unansweredProbesMax = 4

/** Opened by one side and not finished: streams and messages together. */
export const streamsOpenMax = 512
/** What a peer may send before anybody has read: per stream and of all streams. Both double, up to the most, as it is read. */
export const streamWindowBytesFirst = 262_144
export const streamWindowBytesMost = 2_097_152
export const sessionWindowBytesFirst = 4_194_304
export const sessionWindowBytesMost = 8_388_608
/** Of a message, without being asked for: so at most 8 MiB of unfinished messages of one peer. The rest of it needs credit. */
export const messageFreeBytes = 16_384
/** Unfinished messages of one peer that have credit at one time, and how much each. */
export const messagesGrantedMax = 16
export const messageGrantBytes = 262_144
/** Messages above `messageGrantBytes` that all sessions of a node take in at one time, one of each peer; the others wait for credit. */
export const largeMessagesMax = 4
/** A large message that has credit and brings nothing for so long is refused: longer than a sender waits for acknowledgements. */
export const largeMessageStallMsMax = 60_000
/** Holes in what has arrived of one stream. Honest senders repeat before they go on, and stay far below. */
export const streamHolesMax = 4_096
/** What a side that gives a stream up says of why: the application's own words. */
export const streamReasonBytesMax = 1_024
/** Written to a stream and not acknowledged; a further write waits. */
export const streamUnackedBytesMax = 4_194_304

export const sessionsMax = 256
export const sessionIdleMsMax = 600_000
/** Records of one direction that the crypto port has at one time: each is a trip to another thread. */
export const recordsUnderWayMax = 8
/** Records of one direction of a session that wait for the crypto port, or are there; and bytes of those that arrived. */
export const recordsQueuedMax = 1_024
export const recordBytesQueuedMax = 16_777_216

export const handshakesPendingMax = 64
export const handshakeMsMax = 10_000
export const handshakeRepeatFirstMs = 500
export const handshakeRepeatMostMs = 4_000
/** Asked for so long without an answer, a peer counts as silent: who has the choice takes another one. Three repetitions and a slow path. */
export const handshakeSilentMs = 3_000
/** Asked for all this time without an answer, a session is given up. */
export const handshakeGiveUpMs = 30_000
/** A Noise message travels in so many packets at most: a member record takes up to 32 KiB. */
export const handshakePiecesMax = 3
/** Records that overtook the third message of their handshake. */
export const earlyRecordsMax = 8
/** An unknown-session notice counts at most so often, per session: it is a hint that anybody can forge. */
export const noticeHeededEveryMs = 5_000
/** Peers that are answered and have no session yet. */
export const livesRememberedMax = 1_024
/** Unknown-session notices a second, per neighbour. */
export const noticesPerSecondMax = 10
/** Handshakes begun a second, per neighbour: each costs a millisecond or so. Who is not answered asks again. */
export const handshakesPerSecondMax = 100
