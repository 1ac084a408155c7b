// Links that come and go: each time, half the network hears of it. A neighbour whose links broke three times within a
// minute is not used for a while, longer each time. Time is an argument.

import { RecentMap } from '../bytes/recent-map.ts'

/** Breaks within `flapWindowMs` of the last one, or of the end of the last hold. */
export const flapsMax = 3
export const flapWindowMs = 60_000
export const holdStartMs = 2_000
export const holdMaxMs = 60_000
/** Neighbours remembered; above it the longest quiet one is forgotten. */
const neighboursMax = 1_024

interface Flapping {
  /** Another life of that neighbour has done nothing wrong. */
  readonly process: string
  breaks: number
  holds: number
  /** The last break, or the end of the hold that it caused. */
  quietSince: number
}

export class Flaps {
  readonly #neighbours = new RecentMap<string, Flapping>(neighboursMax)

  /** A link broke without either side's wish. Gives how long the neighbour is not to be used; 0: it may be. */
  broke(address: string, process: string, now: number): number {
    const known = this.#neighbours.get(address)
    const fresh = known === undefined || known.process !== process || now - known.quietSince > flapWindowMs
    const flapping = fresh ? { process, breaks: 0, holds: 0, quietSince: now } : known
    flapping.breaks++
    const holdMs = flapping.breaks < flapsMax ? 0 : Math.min(holdMaxMs, holdStartMs * 2 ** flapping.holds++)
    flapping.quietSince = now + holdMs
    this.#neighbours.set(address, flapping)
    return holdMs
  }

  /** How long from now on a link to that process is not to be used. */
  heldMs(address: string, process: string, now: number): number {
    const known = this.#neighbours.get(address)
    return known?.process === process && known.holds > 0 ? Math.max(0, known.quietSince - now) : 0
  }
}
