// What goes along the trees, and what mends them: payloads to the branches, ids to the other links, prunes where something comes
// twice, grafts where it does not come.

import { TokenBucket } from '../async/token-bucket.ts'
import type { Clock } from '../ports/clock.ts'
import type { BroadcastId, BroadcastNews, GossipMessage } from '../wire/gossip-control.ts'
import { idKey } from './broadcast-key.ts'
import type { Incoming } from './broadcast-prover.ts'
import type { KeptBroadcast } from './broadcast-store.ts'
import { offerBytesMin, pullsAtOnce, pullsPerSecond, treeSlackMs } from './gossip-limits.ts'
import type { GossipNeighbour } from './gossip-neighbour.ts'
import { LazyNews, type HeldNews } from './lazy-news.ts'
import { MissingBroadcasts } from './missing.ts'
import { Pushes } from './pushes.ts'
import { sharedTree, Trees } from './trees.ts'

export interface TreeTrafficPort {
  /** This one was had before. */
  had(id: BroadcastId): boolean
  /** As long as it is kept here. */
  find(key: string): KeptBroadcast | undefined
  fault(code: string, message: string): void
}

export class TreeTraffic<N extends GossipNeighbour> {
  readonly #clock: Clock
  readonly #port: TreeTrafficPort
  readonly #neighbours = new Set<N>()
  /** What each of them may pull, of those that have pulled anything. */
  readonly #budgets = new Map<N, TokenBucket>()
  readonly #trees = new Trees<N>()
  readonly #lazy: LazyNews<N>
  readonly #missing: MissingBroadcasts<N>
  readonly #pushes: Pushes<N>

  constructor(clock: Clock, port: TreeTrafficPort) {
    this.#clock = clock
    this.#port = port
    this.#lazy = new LazyNews(clock)
    this.#pushes = new Pushes(clock)
    this.#missing = new MissingBroadcasts(clock, {
      isNeighbour: (neighbour) => this.#neighbours.has(neighbour),
      grafted: (tree, neighbour) => this.#trees.grafted(tree, neighbour, clock.now()),
    })
  }

  /** Broadcasts that were heard of and are not here. */
  get missing(): number {
    return this.#missing.size
  }

  /** Trees of one sender. */
  get ownTrees(): number {
    return this.#trees.ownCount
  }

  join(neighbour: N): void {
    this.#neighbours.add(neighbour)
    this.#trees.join(neighbour, this.#clock.now())
  }

  leave(neighbour: N): void {
    this.#neighbours.delete(neighbour)
    this.#budgets.delete(neighbour)
    this.#trees.leave(neighbour)
    this.#lazy.leave(neighbour)
    this.#pushes.leave(neighbour)
  }

  tick(now: number): void {
    this.#trees.tick(now)
  }

  stop(): void {
    for (const part of [this.#lazy, this.#missing, this.#pushes]) part.stop()
  }

  /** A proven one is kept from now on. */
  keeps({ tree, id }: KeptBroadcast): void {
    this.#trees.use(tree, id.origin, this.#clock.now())
  }

  /** A payload came along its tree, or was pulled. */
  came({ tree, id, repaired }: KeptBroadcast, from: N): void {
    // It may have left while its payload was verified.
    if (this.#neighbours.has(from)) this.#trees.came(tree, { origin: id.origin, from, pulled: repaired, now: this.#clock.now() })
  }

  /** It is here. True: because it was pulled from this neighbour. */
  had(key: string, from: N): boolean {
    return this.#missing.had(key, from)
  }

  /** Along the branches of its tree; the other links hear of its id. */
  spread(kept: KeptBroadcast, from: N | undefined): void {
    if (kept.packet[0] === 0) return
    const now = this.#clock.now()
    const { tree, id, packet } = kept
    const news: HeldNews = { ...id, ownTree: tree !== sharedTree, repaired: kept.repaired, cameAt: now }
    this.#trees.pushes(tree, now)
    for (const neighbour of this.#neighbours) {
      if (neighbour === from || neighbour.address === id.origin) continue
      if (!this.#trees.isEager(tree, neighbour, id.origin)) this.#lazy.add(neighbour, news)
      else if (packet.length < offerBytesMin || this.#trees.isProven(tree, neighbour)) this.#push(neighbour, kept, news)
      else neighbour.link.sendControl({ type: 'have', offer: true, ids: [{ ...news, heldMs: 0 }] })
    }
  }

  /** The same once more, and not because it was asked for: one of the two links is no branch of the tree. */
  doubled(neighbour: N, { key, tree, id: { origin }, hops }: Incoming): void {
    const kept = this.#port.find(key)
    if (!kept || kept.from === neighbour.address || !this.#neighbours.has(neighbour)) return
    const first = this.#named(kept.from)
    const laterMs = this.#clock.now() - kept.saidAt
    // By way of this node it would have crossed three links more.
    const apart = hops < kept.hops + 3
    const superfluous = this.#trees.doubled(tree, { origin, first, again: neighbour, laterMs, apart }, this.#clock.now())
    if (superfluous) this.#prune(superfluous, tree)
  }

  control(neighbour: N, message: Extract<GossipMessage, { type: 'prune' | 'have' | 'graft' }>): void {
    switch (message.type) {
      case 'prune':
        return this.#trees.setLazy(message.tree, neighbour)
      case 'have':
        for (const news of message.ids) this.#heardOf(neighbour, news, message.offer)
        return
      case 'graft':
        if (message.eager) this.#trees.setEager(message.tree, neighbour, this.#clock.now())
        return this.#pulled(neighbour, message.ids)
    }
  }

  #push(neighbour: N, kept: KeptBroadcast, news: HeldNews): void {
    this.#pushes.push(neighbour, kept, () => {
      // It can ask for it when it reads again.
      this.#port.fault('QUEUE_FULL', `${neighbour.address} does not take broadcasts fast enough`)
      if (this.#neighbours.has(neighbour)) this.#lazy.add(neighbour, news)
    })
  }

  #prune(neighbour: N, tree: string): void {
    if (this.#trees.prune(tree, neighbour, this.#clock.now())) neighbour.link.sendControl({ type: 'prune', tree })
  }

  #heardOf(neighbour: N, news: BroadcastNews, offer: boolean): void {
    if (!this.#port.had(news)) return this.#missing.heard(neighbour, news, offer)
    const tree = news.ownTree ? news.origin : sharedTree
    if (!offer) this.#tryShorter(neighbour, news, tree)
    else if (!this.#trees.isParent(tree, neighbour)) this.#prune(neighbour, tree)
  }

  /** Who only tells of it would have brought it earlier: it shall do both, and what comes twice shows which way is shorter. */
  #tryShorter(neighbour: N, news: BroadcastNews, tree: string): void {
    const kept = this.#port.find(idKey(news))
    const now = this.#clock.now()
    if (!kept || kept.from === '' || kept.saidAt - (now - news.heldMs) <= treeSlackMs || !this.#trees.maySwap(tree, now)) return
    neighbour.link.sendControl({ type: 'graft', tree, eager: true, ids: [] })
  }

  #named(address: string): N | undefined {
    for (const neighbour of this.#neighbours) if (neighbour.address === address) return neighbour
    return undefined
  }

  /** A neighbour pulls what others could not bring it. */
  #pulled(neighbour: N, ids: readonly BroadcastId[]): void {
    const now = this.#clock.now()
    const budget = this.#budgets.get(neighbour) ?? new TokenBucket(pullsPerSecond, pullsAtOnce, now)
    this.#budgets.set(neighbour, budget)
    for (const id of ids) {
      const kept = this.#port.find(idKey(id))
      if (!kept || !budget.take(1, now)) continue
      if (!neighbour.link.sendPacket(kept.packet))
        this.#port.fault('QUEUE_FULL', `${neighbour.address} does not take broadcasts fast enough`)
    }
  }
}
