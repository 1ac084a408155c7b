// When the neighbours are told what is new: first and lost routes at the end of the turn, the rest in company (R5). What
// exactly each of them is told is the advertiser's business.

import type { Clock } from '../../ports/clock.ts'
import type { Digest, RouteEntry } from '../../wire/control.ts'
import { TokenBucket } from '../../async/token-bucket.ts'
import { Advertiser } from './advertiser.ts'
import type { LinkNeighbour } from '../link-neighbour.ts'
import type { Change, RouteTable } from '../table/route-table.ts'

/** News that is not urgent waits this long for company. */
export const newsEveryMs = 20
/** First and lost routes that are told at once in a row: a newcomer's first packet must not be here before its route. */
const urgentBurst = 8
/** One neighbour gets a full dump this often at most. */
export const dumpEveryMs = 5_000

export class RouteTeller {
  readonly #clock: Clock
  readonly #self: () => RouteEntry
  readonly #advertiser: Advertiser<LinkNeighbour>
  readonly #dumpedAt = new Map<LinkNeighbour, number>()
  #cancelNews: (() => void) | undefined
  readonly #urgentBudget: TokenBucket
  #urgent = false

  /** As those of the advertiser. */
  constructor(clock: Clock, table: RouteTable<LinkNeighbour>, self: () => RouteEntry, tagOf: (address: string) => number | undefined) {
    this.#clock = clock
    this.#urgentBudget = new TokenBucket(1_000 / newsEveryMs, urgentBurst, clock.now())
    this.#self = self
    this.#advertiser = new Advertiser(table, self, tagOf)
  }

  /** `rowsMax`: of how many rows it is told at most; 0: of all. */
  join(neighbour: LinkNeighbour, rowsMax: number): void {
    this.#dumpedAt.set(neighbour, this.#clock.now())
    this.#send(neighbour, this.#advertiser.welcome(neighbour, rowsMax))
    this.#tellMore(neighbour)
  }

  /** The neighbour wants to be told of so many rows at most, 0: of all (R14). */
  setRows(neighbour: LinkNeighbour, rowsMax: number): void {
    if (!this.#dumpedAt.has(neighbour)) return
    this.#send(neighbour, this.#advertiser.news(neighbour))
    if (rowsMax === 0 ? !this.#advertiser.widen(neighbour) : this.#advertiser.rowsMax(neighbour) !== rowsMax) {
      neighbour.link.sendControl({ type: 'routes', entries: this.#advertiser.welcome(neighbour, rowsMax), complete: true })
    }
    this.#tellMore(neighbour)
  }

  /** How many rows it is told of at most; 0: all. */
  rowsMax(neighbour: LinkNeighbour): number {
    return this.#advertiser.rowsMax(neighbour)
  }

  /** This node is told of itself only, or of everybody again. */
  setStub(stub: boolean): void {
    this.#advertiser.setStub(stub)
    this.#tellSoon(true)
  }

  leave(neighbour: LinkNeighbour): void {
    this.#dumpedAt.delete(neighbour)
    this.#advertiser.leave(neighbour)
  }

  /** An origin is new here: nobody has been told of it. */
  born(address: string): void {
    this.#advertiser.born(address)
  }

  /** Everybody hears by other means that this origin is gone. */
  gone(address: string): void {
    this.#advertiser.gone(address)
  }

  forgotten(address: string): void {
    this.#advertiser.forgotten(address)
  }

  /** The neighbours have to hear of this. */
  changed({ origin, selection, before }: Change<LinkNeighbour>): void {
    if (selection === 'same') return
    if (selection !== 'moved') this.#advertiser.changed(origin.address)
    else this.#advertiser.moved(origin.address, [before?.neighbour.address, origin.selected?.neighbour.address])
    this.#tellSoon(selection === 'gained' || selection === 'lost' || origin.fragile)
  }

  /** This node's own number is another. */
  ownChanged(): void {
    this.#advertiser.changed(this.#self().destination)
    this.#tellSoon(true)
  }

  /**
   * Tells one neighbour the present route, also when it is not news. The proof goes ahead of the entry that needs it: a pull
   * at each hop would make the way back three times as long.
   */
  answer(neighbour: LinkNeighbour, destination: string, record: Uint8Array | undefined): void {
    const entry = this.#advertiser.answer(neighbour, destination)
    if (entry === undefined) return
    if (record) neighbour.link.sendControl({ type: 'records', records: [record] })
    this.#send(neighbour, [entry])
  }

  /** Everything, once more. False: too soon after the last time. */
  dump(neighbour: LinkNeighbour): boolean {
    const now = this.#clock.now()
    if (now - (this.#dumpedAt.get(neighbour) ?? Number.NEGATIVE_INFINITY) < dumpEveryMs) return false
    this.#dumpedAt.set(neighbour, now)
    neighbour.link.sendControl({
      type: 'routes',
      entries: this.#advertiser.welcome(neighbour, this.#advertiser.rowsMax(neighbour)),
      complete: true,
    })
    this.#tellMore(neighbour)
    return true
  }

  /** What the neighbour knows once everything given to its link so far has arrived. */
  digest(neighbour: LinkNeighbour): Digest {
    this.#send(neighbour, this.#advertiser.news(neighbour))
    return this.#advertiser.digest(neighbour)
  }

  stop(): void {
    this.#cancelNews?.()
  }

  #tellSoon(urgent: boolean): void {
    // Also what is urgent waits for company when much of it comes.
    if (urgent && !this.#urgent && this.#urgentBudget.take(1, this.#clock.now())) {
      this.#urgent = true
      this.#cancelNews?.()
      this.#cancelNews = () => {}
      this.#clock.soon(() => this.#tell())
    } else {
      this.#cancelNews ??= this.#clock.setTimer(newsEveryMs, () => this.#tell())
    }
  }

  #tell(): void {
    this.#cancelNews = undefined
    this.#urgent = false
    for (const neighbour of this.#dumpedAt.keys()) {
      this.#send(neighbour, this.#advertiser.news(neighbour))
      this.#tellMore(neighbour)
    }
    this.#advertiser.trim()
  }

  /** A leaf leaves to this node what it is not told of. */
  #tellMore(neighbour: LinkNeighbour): void {
    const more = this.#advertiser.moreNews(neighbour)
    if (more !== undefined) neighbour.link.sendControl({ type: 'more', more })
  }

  #send(neighbour: LinkNeighbour, entries: readonly RouteEntry[]): void {
    if (entries.length > 0) neighbour.link.sendControl({ type: 'routes', entries, complete: false })
  }
}
