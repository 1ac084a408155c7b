// Broadcasts that neighbours have and this node has not. The branch of the tree that should bring one gets a moment; then it is
// pulled from who has it, and that link becomes a branch.

import type { Clock } from '../ports/clock.ts'
import { gossipIdsMax, type BroadcastId, type BroadcastNews } from '../wire/gossip-control.ts'
import { idKey } from './broadcast-key.ts'
import {
  graftAfterMs,
  graftAfterMsMax,
  graftNextMs,
  graftRepairedMs,
  missingMax,
  missingOfOneMax,
  missingSourcesMax,
} from './gossip-limits.ts'
import type { GossipNeighbour } from './gossip-neighbour.ts'
import { sharedTree } from './trees.ts'

interface Missing<N> {
  readonly id: BroadcastId
  readonly tree: string
  readonly sources: N[]
  /** Who told of it first, and counts as who makes this node wait. */
  readonly first: N
  /** Whom it was asked of last, as of a branch. */
  asked: N | undefined
  /** When the next one is asked. */
  pullAt: number
  stopTimer: () => void
}

export interface MissingPort<N> {
  isNeighbour(neighbour: N): boolean
  /** This link shall bring the payloads of the tree from now on. */
  grafted(tree: string, neighbour: N): void
}

export class MissingBroadcasts<N extends GossipNeighbour> {
  readonly #clock: Clock
  readonly #port: MissingPort<N>
  readonly #missing = new Map<string, Missing<N>>()
  /** How long a branch gets. */
  #waitMs = graftAfterMs
  readonly #ofNeighbour = new Map<N, number>()
  /** What is pulled in this turn leaves together. */
  #grafts: { readonly neighbour: N; readonly tree: string; readonly eager: boolean; readonly ids: BroadcastId[] }[] = []

  constructor(clock: Clock, port: MissingPort<N>) {
    this.#clock = clock
    this.#port = port
  }

  get size(): number {
    return this.#missing.size
  }

  /** `offer`: it comes only when asked for. */
  heard(neighbour: N, { heldMs: _, ownTree, repaired, ...id }: BroadcastNews, offer: boolean): void {
    const key = idKey(id)
    const known = this.#missing.get(key)
    if (known) {
      if (known.sources.length < missingSourcesMax && !known.sources.includes(neighbour)) known.sources.push(neighbour)
      const hastens = repaired && known.asked === undefined && this.#clock.now() + graftRepairedMs < known.pullAt
      if (hastens) this.#pullAfter(graftRepairedMs, key, known)
      return
    }
    const count = this.#ofNeighbour.get(neighbour) ?? 0
    if (this.#missing.size >= missingMax || count >= missingOfOneMax) return
    this.#ofNeighbour.set(neighbour, count + 1)
    const missing: Missing<N> = {
      id,
      tree: ownTree ? id.origin : sharedTree,
      sources: [neighbour],
      first: neighbour,
      asked: undefined,
      pullAt: Number.POSITIVE_INFINITY,
      stopTimer: () => {},
    }
    this.#missing.set(key, missing)
    if (offer) this.#pull(key, missing, false)
    else this.#pullAfter(repaired ? graftRepairedMs : this.#waitMs, key, missing)
  }

  /** It is here. True: because it was pulled from this neighbour. */
  had(key: string, from: N): boolean {
    const missing = this.#missing.get(key)
    if (missing === undefined) return false
    this.#forget(key, missing)
    if (missing.asked === undefined) return false
    // What comes by itself after it was asked for was only slow: in a wide network it is waited for longer.
    const repaired = missing.asked === from
    this.#waitMs = repaired ? Math.max(graftAfterMs, this.#waitMs * 0.8) : Math.min(graftAfterMsMax, this.#waitMs * 1.5)
    return repaired
  }

  stop(): void {
    for (const [key, missing] of [...this.#missing]) this.#forget(key, missing)
  }

  #pullAfter(waitMs: number, key: string, missing: Missing<N>): void {
    missing.stopTimer()
    missing.pullAt = this.#clock.now() + waitMs
    missing.stopTimer = this.#clock.setTimer(waitMs, () => this.#pull(key, missing, true))
  }

  #pull(key: string, missing: Missing<N>, eager: boolean): void {
    let source = missing.sources.shift()
    while (source !== undefined && !this.#port.isNeighbour(source)) source = missing.sources.shift()
    if (source === undefined) return this.#forget(key, missing)
    if (eager) {
      missing.asked = source
      this.#port.grafted(missing.tree, source)
    }
    this.#graft(source, missing, eager)
    this.#pullAfter(graftNextMs + (source.link.roundTripMs ?? graftNextMs), key, missing)
  }

  #forget(key: string, { first, stopTimer }: Missing<N>): void {
    stopTimer()
    this.#missing.delete(key)
    const left = (this.#ofNeighbour.get(first) ?? 1) - 1
    if (left > 0) this.#ofNeighbour.set(first, left)
    else this.#ofNeighbour.delete(first)
  }

  #graft(neighbour: N, { tree, id }: Missing<N>, eager: boolean): void {
    if (this.#grafts.length === 0) this.#clock.soon(() => this.#sendGrafts())
    const last = this.#grafts.find(
      (graft) => graft.neighbour === neighbour && graft.tree === tree && graft.eager === eager && graft.ids.length < gossipIdsMax,
    )
    if (last) last.ids.push(id)
    else this.#grafts.push({ neighbour, tree, eager, ids: [id] })
  }

  #sendGrafts(): void {
    const grafts = this.#grafts
    this.#grafts = []
    for (const { neighbour, tree, eager, ids } of grafts) neighbour.link.sendControl({ type: 'graft', tree, eager, ids })
  }
}
