// Which links carry the payloads of a tree at once, and which only ids (Plumtree). Every link begins as a branch; a payload that
// comes twice makes one of the two links lazy, a payload that does not come makes the link that has it a branch again. A node has
// one parent towards the root, the only one whose payloads tell which links are superfluous: so of each circle one link goes, and
// never the one by which everything comes.

import { hashOf } from './broadcast-key.ts'
import { aloneMs, branchAfterMs, ownTreeIdleMs, ownTreesMax, pruneAfterMs, treeChangeMs, treeSlackMs } from './gossip-limits.ts'

/** The tree of all who have none of their own. */
export const sharedTree = ''

interface Tree<N> {
  /** Its only sender; of the shared one, whoever counts as its root now. */
  root: string
  /** Brings what the root says. */
  parent: N | undefined
  /** They get no payloads; all others are branches. */
  readonly lazy: Set<N>
  /** When they became branches again. */
  readonly branchSince: Map<N, number>
  /** When they were asked last to send no payloads. */
  readonly prunedAt: Map<N, number>
  /** Since when they are superfluous, as far as the root of now tells: of the shared tree. */
  readonly doubtedAt: Map<N, number>
  /** When payloads went along it: the last such time, and one that is `branchAfterMs` older at least. */
  pushedAt: readonly [number, number]
  usedAt: number
  /** When somebody who is not the root of the shared one said something along it. */
  otherAt: number
  swappedAt: number
}

const never: number = Number.NEGATIVE_INFINITY

function newTree<N>(root: string, now: number): Tree<N> {
  return {
    root,
    parent: undefined,
    lazy: new Set(),
    branchSince: new Map(),
    prunedAt: new Map(),
    doubtedAt: new Map(),
    pushedAt: [never, never],
    usedAt: now,
    otherAt: never,
    swappedAt: never,
  }
}

/** One that was here came once more. */
export interface Repetition<N> {
  readonly origin: string
  /** Who brought it first, if that is a neighbour still, and who repeats it. */
  readonly first: N | undefined
  readonly again: N
  /** After the first. */
  readonly laterMs: number
  /** The repetition cannot have come by way of this node. */
  readonly apart: boolean
}

export class Trees<N> {
  /** Since when. */
  readonly #neighbours = new Map<N, number>()
  readonly #shared: Tree<N> = newTree('', never)
  readonly #own = new Map<string, Tree<N>>()

  /** Trees that belong to one sender. */
  get ownCount(): number {
    return this.#own.size
  }

  join(neighbour: N, now: number): void {
    this.#neighbours.set(neighbour, now)
  }

  leave(neighbour: N): void {
    this.#neighbours.delete(neighbour)
    for (const tree of this.#all()) {
      if (tree.parent === neighbour) tree.parent = undefined
      for (const links of [tree.lazy, tree.branchSince, tree.prunedAt, tree.doubtedAt]) links.delete(neighbour)
    }
  }

  /** A proven broadcast takes it. A tree of its own begins with all links, and is then the shortest. Where there is no room for it, the shared one serves. */
  use(name: string, origin: string, now: number): void {
    const known = this.#own.get(name)
    if (known) known.usedAt = now
    else if (name === sharedTree) this.#root(origin, now)
    else if (this.#own.size < ownTreesMax) this.#own.set(name, newTree(name, now))
  }

  tick(now: number): void {
    for (const [name, { usedAt }] of this.#own) if (now - usedAt > ownTreeIdleMs) this.#own.delete(name)
    for (const { prunedAt } of this.#all()) for (const [neighbour, at] of prunedAt) if (now - at > treeChangeMs) prunedAt.delete(neighbour)
  }

  /** A neighbour brought a payload, first of all. `pulled`: because it was asked, for the parent did not. */
  came(name: string, { origin, from, pulled, now }: { origin: string; from: N; pulled: boolean; now: number }): void {
    const tree = this.#tree(name)
    this.grafted(name, from, now)
    if (tree.root === origin && (pulled || tree.parent === undefined)) tree.parent = from
  }

  /** Who has to be told to send no payloads of this tree, if anybody. */
  doubled(name: string, repetition: Repetition<N>, now: number): N | undefined {
    const tree = this.#tree(name)
    const { origin, first, again, laterMs, apart } = repetition
    if (tree.root !== origin) return undefined
    if (again !== tree.parent) return tree === this.#shared ? this.#doubtful(again, now) : this.#needless(tree, again)
    // That another one was a little faster may be chance.
    if (first === undefined || (laterMs <= treeSlackMs && apart)) return first
    tree.parent = first
    return again
  }

  /** It shall send no payloads of this tree. True: it has to be told. */
  prune(name: string, neighbour: N, now: number): boolean {
    const tree = this.#tree(name)
    if (tree === this.#shared) tree.lazy.add(neighbour)
    const before = tree.prunedAt.get(neighbour)
    if (before !== undefined && now - before < treeChangeMs) return false
    tree.prunedAt.set(neighbour, now)
    return true
  }

  /** It was asked for a payload, and to be a branch: what brings the payloads of the shared tree also takes them. */
  grafted(name: string, neighbour: N, now: number): void {
    if (this.#tree(name) === this.#shared) this.setEager(name, neighbour, now)
  }

  setEager(name: string, neighbour: N, now: number): void {
    const tree = this.#tree(name)
    if (!tree.lazy.delete(neighbour)) return
    tree.branchSince.set(neighbour, now)
    tree.doubtedAt.delete(neighbour)
  }

  /** What is said about a tree that is not known here says nothing about the shared one. */
  setLazy(name: string, neighbour: N): void {
    const tree = name === sharedTree ? this.#shared : this.#own.get(name)
    tree?.lazy.add(neighbour)
  }

  /** A payload of the origin goes this way: who brings what it says has it. */
  isEager(name: string, neighbour: N, origin: string = name): boolean {
    const { lazy, root, parent } = this.#tree(name)
    return !lazy.has(neighbour) && !(root === origin && parent === neighbour)
  }

  isParent(name: string, neighbour: N): boolean {
    return this.#tree(name).parent === neighbour
  }

  /** A payload goes along the tree. */
  pushes(name: string, now: number): void {
    const tree = this.#tree(name)
    const [last] = tree.pushedAt
    if (now - last > branchAfterMs) tree.pushedAt = [now, last]
  }

  /** It had a payload of this tree long enough ago to know whether it needs them. */
  isProven(name: string, neighbour: N): boolean {
    const { branchSince, pushedAt } = this.#tree(name)
    return Math.max(branchSince.get(neighbour) ?? never, this.#neighbours.get(neighbour) ?? 0) < pushedAt[1]
  }

  /** Whether a shorter way may be tried instead of a longer one now. */
  maySwap(name: string, now: number): boolean {
    const tree = this.#tree(name)
    if (tree === this.#shared || now - tree.swappedAt < treeChangeMs) return false
    tree.swappedAt = now
    return true
  }

  #tree(name: string): Tree<N> {
    return this.#own.get(name) ?? this.#shared
  }

  /** Where several speak at a time, each of them sees a circle end at another link: one of them counts. */
  #root(origin: string, now: number): void {
    const shared = this.#shared
    const { root, usedAt, otherAt } = shared
    if (root !== origin) {
      const alone = now - Math.max(usedAt, otherAt) > aloneMs
      if (!alone && now - usedAt <= pruneAfterMs && hashOf(origin) > hashOf(root)) return void (shared.otherAt = now)
      shared.root = origin
      shared.parent = undefined
      shared.doubtedAt.clear()
      shared.otherAt = Math.max(usedAt, otherAt)
    }
    shared.usedAt = now
  }

  /** Of a sender's own tree. */
  #needless({ lazy, pushedAt }: Tree<N>, again: N): N | undefined {
    // It got the same from here, and knows as much.
    const knows = pushedAt[0] !== never && !lazy.has(again)
    if (knows) lazy.add(again)
    return knows ? undefined : again
  }

  /** Of the shared tree: while several speak, the others may see it differently for a while. */
  #doubtful(again: N, now: number): N | undefined {
    const { doubtedAt, otherAt } = this.#shared
    const since = doubtedAt.get(again) ?? now
    doubtedAt.set(again, since)
    return now - otherAt > aloneMs || now - since >= pruneAfterMs ? again : undefined
  }

  *#all(): IterableIterator<Tree<N>> {
    yield this.#shared
    yield* this.#own.values()
  }
}
