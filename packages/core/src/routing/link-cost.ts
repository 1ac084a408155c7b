import type { Medium } from '../channel/channel.ts'
import { metricInfinite } from '../wire/control.ts'

/** Of any link; and of the worst one that is still used. */
export const costMin = 16
export const costMax = 4_096
/** An unusable link. */
export const costInfinite: number = metricInfinite
/** Of a node whose page is hidden, or that pays for its traffic: better ways are taken, but it is not cut off. */
const reluctantCost = 512
const lossCost = 512
/** A cost has to differ this much … */
const announceShare = 0.25
/** … for this long before the others hear of it. */
const announceAfterMs = 10_000

/** A direct pipe is cheap, a server in between dearer, a radio dearest. */
function classCost(medium: Medium): number {
  switch (medium) {
    case 'memory':
    case 'tabs':
    case 'webrtc':
      return 0
    case 'websocket':
    case 'tcp':
      return 32
    case 'serial':
      return 64
    case 'bluetooth':
      return 256
  }
}

/** What was measured of a link. */
export interface LinkQuality {
  readonly roundTripMs: number | undefined
  /** 0 … 1 */
  readonly loss: number
  /** This node would rather not carry what others send. */
  readonly reluctant: boolean
}

export function linkCost(medium: Medium, { roundTripMs = 0, loss, reluctant }: LinkQuality): number {
  const cost = costMin + roundTripMs / 4 + lossCost * loss + classCost(medium) + (reluctant ? reluctantCost : 0)
  return Math.min(costMax, Math.max(costMin, Math.round(cost)))
}

/** What one link adds to a metric, as the others are told: it follows what is measured slowly, so that routes do not flap. */
export class LinkCost {
  readonly #medium: Medium
  #cost: number
  #movedAt: number | undefined

  constructor(medium: Medium, quality: LinkQuality) {
    this.#medium = medium
    this.#cost = linkCost(medium, quality)
  }

  get cost(): number {
    return this.#cost
  }

  /** True: the cost is another now. */
  measure(quality: LinkQuality, now: number): boolean {
    const cost = linkCost(this.#medium, quality)
    if (Math.abs(cost - this.#cost) <= this.#cost * announceShare) {
      this.#movedAt = undefined
      return false
    }
    this.#movedAt ??= now
    if (now - this.#movedAt < announceAfterMs) return false
    this.#movedAt = undefined
    this.#cost = cost
    return true
  }
}
