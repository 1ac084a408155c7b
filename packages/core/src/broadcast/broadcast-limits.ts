/** Broadcasts of one node whose receipts are awaited at one time. */
export const awaitedMax = 64
/** Members that one of them is awaited from; of more nothing is said. */
export const awaitedFromMax = 4_096
/** As long as others keep a broadcast for those who are away; then who has not said that it has it is away. */
export const awaitedMs = 600_000
/** A member that cannot be reached for so long has left: longer than a reload, or a change of network. */
export const leftAfterMs = 30_000
/** Who has not said anything is asked, so many at a time. */
export const askAfterMs = 3_000
export const askEveryMs = 1_000
export const asksAtOnce = 16
/** Receipts of one turn are one. */
export const receiptAfterMs = 50
/** Origins to which receipts were given; the one that asked longest ago is forgotten, and may ask again. */
export const receiptOriginsMax = 256
/** Broadcasts that wait until it is kept that they were delivered; of more, all are handed out at once. */
export const unkeptMax = 1_024
/** Open topics of one mesh. */
export const topicsMax = 256
export const topicNameBytesMax = 64
