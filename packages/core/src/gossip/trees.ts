// Which links carry the payloads of a tree at once, and which only ids (Plumtree). Every link begins as a branch; a payload that
// comes twice makes the second link lazy, a payload that does not come makes the link that has it a branch again.

import { branchAfterMs, ownTreeIdleMs, ownTreesMax, pruneWithinMs, treeChangeMs } from './gossip-limits.ts'

/** The tree of all who have none of their own. */
export const sharedTree = ''

/** Of a link to which anything has happened yet. */
interface LinkState {
  eager: boolean
  /** When the first payload went this way since it is eager. */
  pushedAt: number | undefined
  /** When it was asked last to become lazy. */
  prunedAt: number | undefined
  /** From when on one more repetition makes it lazy, and when that was decided. */
  doomedAt: number | undefined
  doubledAt: number | undefined
}

interface Tree<N> {
  /** All others are branches. */
  readonly links: Map<N, LinkState>
  usedAt: number
  swappedAt: number
}

function newLink(): LinkState {
  return { eager: true, pushedAt: undefined, prunedAt: undefined, doomedAt: undefined, doubledAt: undefined }
}

export class Trees<N> {
  readonly #neighbours = new Set<N>()
  readonly #shared: Tree<N> = { links: new Map(), usedAt: 0, swappedAt: Number.NEGATIVE_INFINITY }
  readonly #own = new Map<string, Tree<N>>()

  /** Trees that belong to one sender. */
  get ownCount(): number {
    return this.#own.size
  }

  join(neighbour: N): void {
    this.#neighbours.add(neighbour)
  }

  leave(neighbour: N): void {
    this.#neighbours.delete(neighbour)
    for (const { links } of this.#all()) links.delete(neighbour)
  }

  /** A proven broadcast takes it. A tree of its own begins with all links, and is then the shortest. Where there is no room for it, the shared one serves. */
  use(name: string, now: number): void {
    const known = this.#own.get(name)
    if (known) known.usedAt = now
    else if (name !== sharedTree && this.#own.size < ownTreesMax) {
      this.#own.set(name, { links: new Map(), usedAt: now, swappedAt: Number.NEGATIVE_INFINITY })
    }
  }

  forgetIdle(now: number): void {
    for (const [name, { usedAt }] of this.#own) if (now - usedAt > ownTreeIdleMs) this.#own.delete(name)
  }

  isEager(name: string, neighbour: N): boolean {
    return this.#neighbours.has(neighbour) && this.#tree(name).links.get(neighbour)?.eager !== false
  }

  setEager(name: string, neighbour: N): void {
    const link = this.#tree(name).links.get(neighbour)
    if (!link || link.eager) return
    link.eager = true
    link.pushedAt = undefined
  }

  setLazy(name: string, neighbour: N): void {
    const link = this.#link(this.#tree(name), neighbour)
    if (link) link.eager = false
  }

  /** The link becomes lazy. True: the neighbour has to be told. `patience`: not at once, if it is one of the shared tree. */
  prune(name: string, neighbour: N, { now, patience = 0 }: { now: number; patience?: number }): boolean {
    const tree = this.#tree(name)
    const link = this.#link(tree, neighbour)
    if (!link) return false
    if (patience > 0 && tree === this.#shared) {
      // Where several speak at a time, each of them sees a circle end at another link: the first that is cut shall be the only one.
      if (link.doubledAt === undefined || now - link.doubledAt > 2 * pruneWithinMs) link.doomedAt = now + patience
      link.doubledAt = now
      if (link.doomedAt !== undefined && now < link.doomedAt) return false
    }
    link.eager = false
    link.doubledAt = undefined
    if (link.prunedAt !== undefined && now - link.prunedAt < treeChangeMs) return false
    link.prunedAt = now
    return true
  }

  /** A payload goes this way. False: nobody knows yet whether it is needed there. */
  pushes(name: string, neighbour: N, now: number): boolean {
    const link = this.#link(this.#tree(name), neighbour)
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
    return [...this.#neighbours].filter((neighbour) => this.isEager(name, neighbour)).length
  }

  #tree(name: string): Tree<N> {
    return this.#own.get(name) ?? this.#shared
  }

  #link({ links }: Tree<N>, neighbour: N): LinkState | undefined {
    const known = links.get(neighbour)
    if (known || !this.#neighbours.has(neighbour)) return known
    const link = newLink()
    links.set(neighbour, link)
    return link
  }

  *#all(): IterableIterator<Tree<N>> {
    yield this.#shared
    yield* this.#own.values()
  }
}
