import { RecentSet } from '../bytes/recent-set.ts'
import type { Link } from '../link/link.ts'
import type { Clock } from '../ports/clock.ts'
import { PlainNeighbour } from './plain-neighbour.ts'

/** Names that are remembered for when they return. */
const goneMax = 1_024

/** The plain nodes at the ends of this node's links. */
export class PlainNeighbours {
  readonly #clock: Clock
  readonly #byLink = new Map<Link, PlainNeighbour>()
  /** Names of those whose links ended. */
  readonly #gone = new RecentSet<string>(goneMax)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#byLink.size
  }

  add(link: Link): PlainNeighbour {
    const neighbour = new PlainNeighbour(link)
    this.#byLink.set(link, neighbour)
    return neighbour
  }

  remove(link: Link): PlainNeighbour | undefined {
    const neighbour = this.#byLink.get(link)
    this.#byLink.delete(link)
    for (const cancel of neighbour?.timers ?? []) cancel()
    if (neighbour?.address) this.#gone.add(neighbour.address)
    return neighbour
  }

  /** Whether a link to that one has ended; asked once. */
  returns(address: string): boolean {
    return this.#gone.delete(address)
  }

  at(link: Link): PlainNeighbour | undefined {
    return this.#byLink.get(link)
  }

  all(): IterableIterator<PlainNeighbour> {
    return this.#byLink.values()
  }

  /** Who is next on the shortest way through the plain world. */
  toward(destination: string): PlainNeighbour | undefined {
    let best: PlainNeighbour | undefined
    let bestHops = Number.POSITIVE_INFINITY
    for (const neighbour of this.#byLink.values()) {
      const hops = neighbour.hopsTo(destination)
      // Of equals the newest: an older link under the same name may be dead without knowing it.
      if (hops === undefined || hops > bestHops) continue
      best = neighbour
      bestHops = hops
    }
    return best
  }

  /** While the neighbour is there. The returned function cancels. */
  after(neighbour: PlainNeighbour, delayMs: number, act: () => void): () => void {
    const stop = this.#clock.setTimer(delayMs, () => {
      neighbour.timers.delete(cancel)
      act()
    })
    const cancel = (): void => {
      neighbour.timers.delete(cancel)
      stop()
    }
    neighbour.timers.add(cancel)
    return cancel
  }
}
