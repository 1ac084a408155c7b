// Broadcasts that neighbours have and this node has not. The branch of the tree that should bring one gets a moment; then it is
// pulled from who has it, and that link becomes a branch.

import type { Clock } from '../ports/clock.ts'
import { gossipIdsMax, type BroadcastId, type BroadcastNews } from '../wire/gossip-control.ts'
import { idKey } from './broadcast-key.ts'
import { graftAfterMs, graftNextMs, missingMax, missingOfOneMax, missingSourcesMax } from './gossip-limits.ts'
import type { GossipNeighbour } from './gossip-neighbour.ts'

interface Missing<N> {
  readonly id: BroadcastId
  readonly tree: string
  readonly sources: N[]
  cancel: () => void
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
  heard(neighbour: N, { hops: _, ownTree, ...id }: BroadcastNews, offer: boolean): void {
    const key = idKey(id)
    const known = this.#missing.get(key)
    if (known) {
      if (known.sources.length < missingSourcesMax && !known.sources.includes(neighbour)) known.sources.push(neighbour)
      return
    }
    const count = this.#ofNeighbour.get(neighbour) ?? 0
    if (this.#missing.size >= missingMax || count >= missingOfOneMax) return
    this.#ofNeighbour.set(neighbour, count + 1)
    const missing: Missing<N> = { id, tree: ownTree ? id.origin : '', sources: [neighbour], cancel: () => {} }
    const forget = (): void => {
      const left = (this.#ofNeighbour.get(neighbour) ?? 1) - 1
      if (left > 0) this.#ofNeighbour.set(neighbour, left)
      else this.#ofNeighbour.delete(neighbour)
    }
    this.#missing.set(key, missing)
    if (offer) this.#pull(key, missing, { eager: false, forget })
    else missing.cancel = this.#after(graftAfterMs, forget, () => this.#pull(key, missing, { eager: true, forget }))
  }

  /** It is here, or proven to be. */
  had(key: string): void {
    const missing = this.#missing.get(key)
    if (missing === undefined) return
    missing.cancel()
    this.#missing.delete(key)
  }

  stop(): void {
    for (const key of [...this.#missing.keys()]) this.had(key)
  }

  #pull(key: string, missing: Missing<N>, { eager, forget }: { eager: boolean; forget: () => void }): void {
    let source = missing.sources.shift()
    while (source !== undefined && !this.#port.isNeighbour(source)) source = missing.sources.shift()
    if (source === undefined) {
      forget()
      this.#missing.delete(key)
      return
    }
    if (eager) this.#port.grafted(missing.tree, source)
    this.#graft(source, missing, eager)
    const waitMs = graftNextMs + (source.link.roundTripMs ?? graftNextMs)
    missing.cancel = this.#after(waitMs, forget, () => this.#pull(key, missing, { eager: true, forget }))
  }

  /** As a timer; cancelled, it is forgotten whose it was. */
  #after(ms: number, forget: () => void, act: () => void): () => void {
    const cancel = this.#clock.setTimer(ms, act)
    return () => {
      cancel()
      forget()
    }
  }

  #graft(neighbour: N, { tree, id }: Missing<N>, eager: boolean): void {
    if (this.#grafts.length === 0) this.#clock.soon(() => this.#sendGrafts())
    const last = this.#grafts.find((graft) => graft.neighbour === neighbour && graft.tree === tree && graft.eager === eager && graft.ids.length < gossipIdsMax)
    if (last) last.ids.push(id)
    else this.#grafts.push({ neighbour, tree, eager, ids: [id] })
  }

  #sendGrafts(): void {
    const grafts = this.#grafts
    this.#grafts = []
    for (const { neighbour, tree, eager, ids } of grafts) neighbour.link.sendControl({ type: 'graft', tree, eager, ids })
  }
}
