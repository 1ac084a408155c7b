import type { ControlMessage } from '../wire/control.ts'
import { TokenBucket } from '../async/token-bucket.ts'

/** Control messages that one neighbour may send, by what they cost to read; ours stay far below. */
export const controlPerSecondMax = 50
export const controlBurstMax = 200
/** Nobody is made to wait longer than this at a time. */
const pauseMaxMs = 60_000

/**
 * A neighbour that says more than a neighbour has to say is read more slowly: its own link waits, nobody else's. What it
 * goes on sending fills the queue of that link, which then ends. Time is an argument.
 */
export class ControlBudget {
  readonly #bucket: TokenBucket

  constructor(now: number) {
    this.#bucket = new TokenBucket(controlPerSecondMax, controlBurstMax, now)
  }

  /** `wasted`: records in it that were not asked for, or that do not hold. Gives how long to read nothing more. */
  spend(message: ControlMessage, wasted: number, now: number): number {
    return Math.min(pauseMaxMs, this.#bucket.owe(costOf(message) + wasted, now))
  }
}

function costOf(message: ControlMessage): number {
  switch (message.type) {
    // News comes 50 times a second at most, from who is told of a whole town that joins.
    case 'routes':
      return 0.25 + message.entries.length / 1_024
    // The origins of a large network are proven 64 at a time, as fast as the line allows.
    case 'pull':
    case 'records':
      return 0.1
    // Questions have a budget of their own, above which they are dropped.
    case 'request':
      return 0.02
    // What is behind them is bounded where it is done; these bound the reading.
    case 'have':
    case 'graft':
      return 0.2 + message.ids.length / 256
    case 'holds':
    case 'want':
      return 0.5 + message.rows.length / 256
    case 'prune':
      return 0.1
    case 'digest':
      return 0.5
    case 'receipts':
      return 0.2 + message.receipts.length / 64
    case 'refresh':
    case 'notice':
      return 5
    default:
      return 1
  }
}
