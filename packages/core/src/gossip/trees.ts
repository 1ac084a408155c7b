// Which links carry the payloads of a tree at once, and which only ids (Plumtree). Every link begins as a branch; a payload that
// comes twice makes the second link lazy, a payload that does not come makes the link that has it a branch again.

import { branchAfterMs, ownTreeIdleMs, ownTreesMax, pruneWithinMs, treeChangeMs } from './gossip-limits.ts'

/** The tree of all who have none of their own. */
export const sharedTree = ''

interface LinkState {
  eager: boolean
  /** When the first payload went this way since it is eager. */
  pushedAt: number | undefined
  /** When it was asked last to become lazy. */
  prunedAt: number
  /** From when on one more repetition makes it lazy, and when that was decided. */
  doomedAt: number
  doubledAt: number
}

interface Tree<N> {
  readonly links: Map<N, LinkState>
  usedAt: number
  swappedAt: number
}

function newLink(): LinkState {
  return { eager: true, pushedAt: undefined, prunedAt: Number.NEGATIVE_INFINITY, doomedAt: 0, doubledAt: Number.NEGATIVE_INFINITY }
}

export class Trees<N> {
  readonly #shared: Tree<N> = { links: new Map(), usedAt: 0, swappedAt: Number.NEGATIVE_INFINITY }
  readonly #own = new Map<string, Tree<N>>()

  /** Trees that belong to one sender. */
  get ownCount(): number {
    return this.#own.size
  }

  join(neighbour: N): void {
    for (const { links } of this.#all()) links.set(neighbour, newLink())
  }

  leave(neighbour: N): void {
    for (const { links } of this.#all()) links.delete(neighbour)
  }

  /** A proven broadcast takes it. A tree of its own begins with all links, and is then the shortest. Where there is no room for it, the shared one serves. */
  use(name: string, now: number): void {
    const known = this.#own.get(name)
    if (known) known.usedAt = now
    else if (name !== sharedTree && this.#own.size < ownTreesMax) {
      const links = new Map(Array.from(this.#shared.links.keys(), (neighbour) => [neighbour, newLink()]))
      this.#own.set(name, { links, usedAt: now, swappedAt: Number.NEGATIVE_INFINITY })
    }
  }

  forgetIdle(now: number): void {
    for (const [name, { usedAt }] of this.#own) if (now - usedAt > ownTreeIdleMs) this.#own.delete(name)
  }

  isEager(name: string, neighbour: N): boolean {
    return this.#tree(name).links.get(neighbour)?.eager === true
  }

  setEager(name: string, neighbour: N): void {
    const link = this.#tree(name).links.get(neighbour)
    if (!link || link.eager) return
    link.eager = true
    link.pushedAt = undefined
  }

  setLazy(name: string, neighbour: N): void {
    const link = this.#tree(name).links.get(neighbour)
    if (link) link.eager = false
  }

  /** The link becomes lazy. True: the neighbour has to be told. `patience`: not at once, if it is one of the shared tree. */
  prune(name: string, neighbour: N, { now, patience = 0 }: { now: number; patience?: number }): boolean {
    const tree = this.#tree(name)
    const link = tree.links.get(neighbour)
    if (!link) return false
    if (patience > 0 && tree === this.#shared) {
      // Where several speak at a time, each of them sees a circle end at another link: the first that is cut shall be the only one.
      if (now - link.doubledAt > 2 * pruneWithinMs) link.doomedAt = now + patience
      link.doubledAt = now
      if (now < link.doomedAt) return false
    }
    link.eager = false
    link.doubledAt = Number.NEGATIVE_INFINITY
    if (now - link.prunedAt < treeChangeMs) return false
    link.prunedAt = now
    return true
  }

  /** A payload goes this way. False: nobody knows yet whether it is needed there. */
  pushes(name: string, neighbour: N, now: number): boolean {
    const link = this.#tree(name).links.get(neighbour)
    if (!link) return false
    link.pushedAt ??= now
    return now - link.pushedAt > branchAfterMs
  }

  /** Whether a shorter way may take the place of a longer one now: seldom, or two nodes do it by turns. */
  maySwap(name: string, now: number): boolean {
    const tree = this.#tree(name)
    if (now - tree.swappedAt < treeChangeMs) return false
    tree.swappedAt = now
    return true
  }

  /** Branches of a tree, for whoever looks at it. */
  eagerCount(name: string): number {
    return [...this.#tree(name).links.values()].filter(({ eager }) => eager).length
  }

  #tree(name: string): Tree<N> {
    return this.#own.get(name) ?? this.#shared
  }

  *#all(): IterableIterator<Tree<N>> {
    yield this.#shared
    yield* this.#own.values()
  }
}
