import { TokenBucket } from '../async/token-bucket.ts'

/** What one neighbour may say in a second that is of no use to anybody, and how much of it at once. */
export const wastePerSecondMax = 1_000
export const wasteBurstMax = 4_000
/** Shorter pauses are not worth their trouble; longer ones would look like a dead link. */
const pauseMinMs = 100
const pauseMaxMs = 1_000

/**
 * Packets to nowhere, adverts of plain nodes, bytes that cannot be read: each costs this node as much as one that arrives, and
 * is worth nothing. Beyond a budget its link is read more slowly. Time is an argument.
 */
export class WasteBudget {
  readonly #bucket: TokenBucket

  constructor(now: number) {
    this.#bucket = new TokenBucket(wastePerSecondMax, wasteBurstMax, now)
  }

  /** Gives how long to read nothing more; 0: go on. */
  spend(count: number, now: number): number {
    const owedMs = this.#bucket.owe(count, now)
    return owedMs === 0 ? 0 : Math.min(pauseMaxMs, Math.max(pauseMinMs, owedMs))
  }
}
