import type { Clock } from '../ports/clock.ts'
import { gossipIdsMax, type BroadcastNews } from '../wire/gossip-control.ts'
import { lazyBatchMs, lazyBusyBatchMs, lazyIdsMax, lazyUrgentMs } from './gossip-limits.ts'
import type { GossipNeighbour } from './gossip-neighbour.ts'

/** `cameAt`: to this node. */
export interface HeldNews extends Omit<BroadcastNews, 'heldMs'> {
  readonly cameAt: number
}

/** Ids for the links that get no payloads, told a few at a time. What does not fit is caught up with by digests. */
export class LazyNews<N extends GossipNeighbour> {
  readonly #clock: Clock
  readonly #waiting = new Map<N, HeldNews[]>()
  #cancel: (() => void) | undefined
  #urgent = false
  #toldAt = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(neighbour: N, news: HeldNews): void {
    const ids = this.#waiting.get(neighbour) ?? []
    this.#waiting.set(neighbour, ids)
    ids.push(news)
    if (ids.length > lazyIdsMax) ids.shift()
    const busy = this.#clock.now() - this.#toldAt < lazyBusyBatchMs
    // Who waits for it may wait for others that wait for it.
    if (news.repaired && !this.#urgent) {
      this.#urgent = true
      this.#cancel?.()
      this.#cancel = this.#clock.setTimer(lazyUrgentMs, () => this.#tell())
    }
    this.#cancel ??= this.#clock.setTimer(busy ? lazyBusyBatchMs : lazyBatchMs, () => this.#tell())
  }

  leave(neighbour: N): void {
    this.#waiting.delete(neighbour)
  }

  stop(): void {
    this.#cancel?.()
    this.#waiting.clear()
  }

  #tell(): void {
    this.#cancel = undefined
    this.#urgent = false
    this.#toldAt = this.#clock.now()
    const told = [...this.#waiting]
    this.#waiting.clear()
    for (const [{ link }, news] of told) {
      const ids = news.map(({ cameAt, ...id }) => ({ ...id, heldMs: Math.round(this.#toldAt - cameAt) }))
      for (let at = 0; at < ids.length; at += gossipIdsMax)
        link.sendControl({ type: 'have', offer: false, ids: ids.slice(at, at + gossipIdsMax) })
    }
  }
}
