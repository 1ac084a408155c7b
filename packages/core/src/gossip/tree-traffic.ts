// What goes along the trees, and what mends them: payloads to the branches, ids to the other links, prunes where something comes
// twice, grafts where it does not come.

import { TokenBucket } from '../async/token-bucket.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import type { BroadcastId, BroadcastNews, GossipMessage } from '../wire/gossip-control.ts'
import { idKey } from './broadcast-key.ts'
import type { KeptBroadcast } from './broadcast-store.ts'
import { offerBytesMin, pruneWithinMs, pullsAtOnce, pullsPerSecond } from './gossip-limits.ts'
import type { GossipNeighbour } from './gossip-neighbour.ts'
import { LazyNews } from './lazy-news.ts'
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
  readonly #dice: Dice
  readonly #port: TreeTrafficPort
  readonly #neighbours = new Set<N>()
  /** What each of them may pull, of those that have pulled anything. */
  readonly #budgets = new Map<N, TokenBucket>()
  readonly #trees = new Trees<N>()
  readonly #lazy: LazyNews<N>
  readonly #missing: MissingBroadcasts<N>
  readonly #pushes: Pushes<N>
  /** When the last but one and the last broadcast came here. */
  #newsAt: [number, number] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]

  constructor(clock: Clock, dice: Dice, port: TreeTrafficPort) {
    this.#clock = clock
    this.#dice = dice
    this.#port = port
    this.#lazy = new LazyNews(clock)
    this.#pushes = new Pushes(clock)
    this.#missing = new MissingBroadcasts(clock, {
      isNeighbour: (neighbour) => this.#neighbours.has(neighbour),
      grafted: (tree, neighbour) => this.#trees.setEager(tree, neighbour),
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
    this.#trees.join(neighbour)
  }

  leave(neighbour: N): void {
    this.#neighbours.delete(neighbour)
    this.#budgets.delete(neighbour)
    this.#trees.leave(neighbour)
    this.#lazy.leave(neighbour)
    this.#pushes.leave(neighbour)
  }

  tick(now: number): void {
    this.#trees.forgetIdle(now)
  }

  stop(): void {
    for (const part of [this.#lazy, this.#missing, this.#pushes]) part.stop()
  }

  /** A proven one is kept from now on. */
  keeps({ tree }: KeptBroadcast): void {
    const now = this.#clock.now()
    this.#newsAt = [this.#newsAt[1], now]
    this.#trees.use(tree, now)
  }

  /** Its link is a branch. */
  cameAlong(tree: string, neighbour: N): void {
    this.#trees.setEager(tree, neighbour)
  }

  /** It is here. True: because it was pulled from this neighbour. */
  had(key: string, from: N): boolean {
    return this.#missing.had(key, from)
  }

  /** Along the branches of its tree; the other links hear of its id. */
  spread(kept: KeptBroadcast, from: N | undefined): void {
    if (kept.packet[0] === 0) return
    const now = this.#clock.now()
    const news: BroadcastNews = { ...kept.id, ownTree: kept.tree !== sharedTree, repaired: kept.repaired, hops: kept.hops }
    for (const neighbour of this.#neighbours) {
      if (neighbour === from || neighbour.address === kept.id.origin) continue
      if (!this.#trees.isEager(kept.tree, neighbour)) {
        this.#lazy.add(neighbour, news)
        continue
      }
      const isBranch = this.#trees.pushes(kept.tree, neighbour, now)
      if (isBranch || kept.packet.length < offerBytesMin) this.#push(neighbour, kept, news)
      else neighbour.link.sendControl({ type: 'have', offer: true, ids: [news] })
    }
  }

  /** The same once more, and not because it was asked for: this link is no branch of the tree. */
  doubled(neighbour: N, key: string, tree: string): void {
    if (this.#port.find(key)?.from !== neighbour.address) this.#prune(neighbour, tree)
  }

  control(neighbour: N, message: Extract<GossipMessage, { type: 'prune' | 'have' | 'graft' }>): void {
    switch (message.type) {
      case 'prune':
        return this.#trees.setLazy(message.tree, neighbour)
      case 'have':
        for (const news of message.ids) this.#heardOf(neighbour, news, message.offer)
        return
      case 'graft':
        if (message.eager) this.#trees.setEager(message.tree, neighbour)
        return this.#pulled(neighbour, message.ids)
    }
  }

  #push(neighbour: N, kept: KeptBroadcast, news: BroadcastNews): void {
    this.#pushes.push(neighbour, kept.packet, () => {
      // It can ask for it when it reads again.
      this.#port.fault('QUEUE_FULL', `${neighbour.address} does not take broadcasts fast enough`)
      if (this.#neighbours.has(neighbour)) this.#lazy.add(neighbour, news)
    })
  }

  #prune(neighbour: N, tree: string): void {
    const now = this.#clock.now()
    const patience = this.#newsAt[0] > now - pruneWithinMs ? pruneWithinMs * this.#dice.random() : 0
    if (this.#trees.prune(tree, neighbour, { now, patience })) neighbour.link.sendControl({ type: 'prune', tree })
  }

  #heardOf(neighbour: N, news: BroadcastNews, offer: boolean): void {
    if (!this.#port.had(news)) return this.#missing.heard(neighbour, news, offer)
    const tree = news.ownTree ? news.origin : sharedTree
    if (offer) this.#prune(neighbour, tree)
    else this.#swap(neighbour, news, tree)
  }

  /** Who only tells of it had it much earlier than who brought it: the two change places. */
  #swap(neighbour: N, news: BroadcastNews, tree: string): void {
    const kept = this.#port.find(idKey(news))
    // In the shared tree the next sender would swap them back.
    if (tree === sharedTree || !kept || kept.from === '' || kept.hops <= news.hops + 2 || this.#trees.isEager(tree, neighbour)) return
    if (!this.#trees.maySwap(tree, this.#clock.now())) return
    this.#trees.setEager(tree, neighbour)
    neighbour.link.sendControl({ type: 'graft', tree, eager: true, ids: [] })
    for (const parent of this.#neighbours) if (parent.address === kept.from) this.#prune(parent, tree)
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
