// The bounds of broadcasts, in one place. What is dropped at one of them is had again by catching up, unless it says otherwise.

/** How long a broadcast is kept for members that are away, and how many, and how much of them: per network and node. Fewer than one message tells of (`gossipIdsMax`). */
export const keptMs = 600_000
export const keptMax = 1_000
export const keptBytesMax: number = 4 * 1024 * 1024
/** A fleeting one is kept only as long as a neighbour may still ask for what it should have got at once. */
export const fleetingKeptMs = 5_000
export const fleetingMax = 256
export const fleetingBytesMax: number = 1024 * 1024
/** Clocks that differ by so much are no reason to doubt when something was said. */
export const clockSlackMs = 60_000

/** Lives of origins of which it is known what of them was had; the one that was silent longest is forgotten. */
export const historiesMax = 4_096
/** Lives that the next process of this address remembers. */
export const rememberedMax = 512
/** Pieces that the history of one life may be in; the lowest gap then counts as lost. */
export const historyPiecesMax = 64

/** That wait for their signature to be made or verified; more are refused or dropped. */
export const broadcastsWaitingMax = 256
/** What one node may say to all: bytes in a second, and at once. More would push out what nobody has yet. */
export const ownBytesPerSecond: number = 1024 * 1024
export const ownBytesAtOnce: number = 2 * 1024 * 1024

/** That wait for earlier ones of their origin; more are delivered without them. */
export const heldBackMax = 1_024
/** So long are earlier ones waited for after the last that came by catching up. */
export const gapWaitMs = 20_000
/** … and no longer than this: a slow link brings all that is kept in less. */
export const gapWaitMsMax = 120_000
/** When earlier ones are asked for: after their absence was noticed, and again. */
export const gapAsksMs: readonly number[] = [500, 2_000, 6_000]

/** From the first id that a lazy link shall hear of to the message that tells it; in a stream of them the second number. */
export const lazyBatchMs = 30
export const lazyBusyBatchMs = 1_000
/** Of one that was missing here, too. */
export const lazyUrgentMs = 10
/** Ids that wait for a lazy link. */
export const lazyIdsMax = 1_024
/** A payload that others have already is waited for so long, then pulled; and so long from one who has it to the next, beside a round trip. */
export const graftAfterMs = 300
export const graftAfterMsMax = 600
/** Where the tree is known to be broken. */
export const graftRepairedMs = 50
export const graftNextMs = 200
/** Ids that are heard of and not here: of all neighbours, and of one. */
export const missingMax = 4_096
export const missingOfOneMax = 1_024
/** Neighbours that are remembered to have one of them. */
export const missingSourcesMax = 8
/** Payloads that one neighbour may pull: a second, and at once. */
export const pullsPerSecond = 200
export const pullsAtOnce = 2_000

/** A payload this long is only offered where nobody knows yet whether it is needed. */
export const offerBytesMin = 1_024
/** A link that was not pruned for so long after its first payload is a branch of the tree. */
export const branchAfterMs = 1_000
/** A payload that follows another one to the same neighbour this closely waits for more: a quarter of the round trip, and at most so long. */
export const pushBusyMs = 200
export const pushHoldMsMax = 20
/** On its way it waits so often: what has crossed as many links goes on at once. */
export const pushHoldsMax = 3
export const pushesHeldMax = 64

/** Who says two things closer than this takes a tree of its own: the ways of the shared one are up to twice as long. */
export const busyWithinMs = 1_000
/** Who was busy and says nothing for so long is not any more. */
export const calmAfterMs = 20_000
export const ownTreesMax = 64
export const ownTreeIdleMs = 60_000
/** The least time between two prunes of one tree and link, or two trials of a shorter way in one tree. */
export const treeChangeMs = 500
/** A way that is shorter by less than this is no better: payloads wait for each other here and there. */
export const treeSlackMs = 60
/** Who says something when nobody else has for so long is the root of the shared tree, and what it shows to be superfluous is pruned at once. */
export const aloneMs = 1_000
/** Of several that said something within this time one counts as its root, and what it shows is pruned after the same time. */
export const pruneAfterMs = 6_000

/** How often neighbours compare what they keep. */
export const digestEveryMs = 15_000
/** The youngest ones are still on their way, the oldest go: neither is a difference. */
export const digestOldestMs: number = keptMs - 30_000
export const holdsEveryMs = 1_000
/** What was caught up with is told on together. */
export const lateNewsMs = 100
/** What was asked of one neighbour is not asked of another meanwhile. */
export const askedMs = 4_000
/** Answers to a neighbour that catches up: so many, or so many bytes, every so often. */
export const serveEveryMs = 50
export const serveAtOnce = 16
export const serveBytesAtOnce: number = 128 * 1024
export const serveRetryMs = 500
export const serveTriesMax = 20

/** Receipts that wait to be passed on, or to be verified; the oldest goes, and is asked for again. */
export const receiptsWaitingMax = 4_096
/** Those of many members are passed on together. */
export const receiptsEveryMs = 100
/** Receipts that one neighbour may hand over: a second, and at once. */
export const receiptsPerSecond = 500
export const receiptsAtOnce = 8_192
export const receiptHopsMax = 32

/** Lives of origins that are asked for their time, at one time; broadcasts of one of them that wait for the answer; and answers that are remembered. */
export const doubtedMax = 64
export const doubtedOfOneMax = 64
export const clocksKnownMax = 1_024
/** The question waits for up to so long. */
export const doubtAfterMsMax = 1_000
