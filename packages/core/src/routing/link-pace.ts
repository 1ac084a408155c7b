// A relay with thousands of idle members would spend its time asking them whether they are there. So it asks, and lets itself
// be asked, about as often in a second however many they are.

import { idlePaceMaxMs, idleProbeMs } from '../link/liveness.ts'
import type { LinkNeighbour } from './link-neighbour.ts'

/** Signs of life of idle members, in a second, as long as the longest pace allows. */
const signsPerSecond = 100
/** Another pace is told when it is another by this share. */
const toldShare = 0.25
/** The member asks first: one question serves both. */
const ownShare = 1.25

/** Seconds that an idle link is left alone at a relay with so many members. */
export function paceFor(members: number): number {
  return Math.min(idlePaceMaxMs / 1_000, Math.max(idleProbeMs / 1_000, Math.ceil(members / signsPerSecond)))
}

export class LinkPace {
  #seconds = paceFor(0)

  /** The number of members may be another: all are told when it matters. */
  review(members: Iterable<LinkNeighbour>, count: number): void {
    const seconds = paceFor(count)
    if (Math.abs(seconds - this.#seconds) <= this.#seconds * toldShare) return
    this.#seconds = seconds
    for (const member of members) this.#tell(member)
  }

  joined(member: LinkNeighbour): void {
    if (this.#seconds > paceFor(0)) this.#tell(member)
  }

  #tell({ link, kind }: LinkNeighbour): void {
    if (kind !== 'member') return
    link.setPace(this.#seconds * 1_000 * ownShare)
    link.sendControl({ type: 'pace', seconds: this.#seconds })
  }
}
