import { RecentMap } from '../bytes/recent-map.ts'
import type { PlainHost } from '../identity/member-record.ts'
import type { Link } from '../link/link.ts'

/** Hosts, and services of one host, that one plain neighbour may teach. */
export const plainHostsMax = 1_024
export const plainServicesMax = 32
/** Routes of one neighbour that another gateway has told it. */
export const straysMax = 1_024
/** Gateways that one neighbour believes in. */
const doubtedMax = 64

interface Host {
  /** Undefined: only its services were heard of so far. */
  cost: number | undefined
  /** L13: another gateway answers for it; this way is known and not used. */
  declined: boolean
  /** L12: of the last word about its services that had one. */
  order: number
  readonly services: Map<string, number>
}

/** What a plain neighbour was told about one destination. */
export interface Told {
  cost: number
  /** When its route was told last. */
  at: number
  /** When it was told that a service is gone. */
  removedAt: number
  /** It has said that it forgot this one. */
  forgotten: boolean
  readonly services: Map<string, { load: number; at: number }>
}

/** One plain ALN node at the end of a link: what it taught, and what it was told. */
export class PlainNeighbour {
  readonly link: Link
  /** It has answered a query when nobody was waiting for more. */
  answers = false
  /** It did not answer one: what it taught counts when it is heard again. */
  silent = false
  /** Its own address, once it said one. */
  address = ''
  /** It has told a route. */
  heard = false
  /** Destinations that it has forgotten, and is told of again not before. */
  readonly held: Map<string, number> = new Map()
  /** Others are told of on this link not before. */
  tellFrom = 0
  /** Nothing is told again on this link before. */
  quietUntil = 0
  /** Asked for its tables last because something was withdrawn. */
  queriedAt: number = Number.NEGATIVE_INFINITY
  cancelQuery: (() => void) | undefined
  /** Answered a query last. */
  answeredAt: number = Number.NEGATIVE_INFINITY
  /** Told anew last. */
  anewAt: number = Number.NEGATIVE_INFINITY
  cancelAnew: (() => void) | undefined
  /** Whom it reaches, itself included, and another gateway has a link to; or has heard, of those that only ever speak. */
  shared: ReadonlySet<string> = new Set()
  /** What it says that it reaches in this network, better than it was told here; and over how many plain hops, if it does so beside us. */
  readonly strays: Map<string, number | undefined> = new RecentMap(straysMax)
  /** Gateways that it said it was next to when it was told anew, and whether they are in reach. */
  readonly doubted: Map<string, boolean> = new RecentMap(doubtedMax)
  cancelDoubt: (() => void) | undefined
  /** What it said at first was compared with who has a link to it. */
  compared = false
  /** It said something last. */
  heardAt: number = Number.NEGATIVE_INFINITY
  /** It will be told what is due then. */
  wakesAt: number = Number.POSITIVE_INFINITY
  cancelWake: (() => void) | undefined
  /** What cancels each of its timers. */
  readonly timers: Set<() => void> = new Set()
  readonly told: Map<string, Told> = new Map()
  readonly #hosts = new Map<string, Host>()
  readonly #declined = new Set<string>()

  constructor(link: Link) {
    this.link = link
  }

  /** L2: the least cost counts until a withdrawal: plain nodes never raise a cost, so a higher one is an echo. */
  learn(destination: string, cost: number): boolean {
    const host = this.#entry(destination)
    if (host === undefined || isNoNews(host, cost)) return false
    host.cost = cost
    host.declined = false
    this.#declined.delete(destination)
    // Its own way has replaced ours: a withdrawal of ours would cost it its own, and its services are no echo of ours.
    this.told.delete(destination)
    return true
  }

  /** L13: it offers a way that is not taken. It is told of no other, for it would not take one. */
  decline(destination: string, cost: number): boolean {
    const host = this.#entry(destination)
    if (host === undefined || host.cost !== undefined) return false
    host.cost = cost
    host.declined = true
    this.#declined.add(destination)
    this.told.delete(destination)
    return true
  }

  /** What was declined, without those for which another gateway answers still. */
  takeDeclined(stillLeased: (address: string) => boolean): string[] {
    const free = [...this.#declined].filter((address) => !stillLeased(address))
    for (const address of free) this.withdraw(address)
    return free
  }

  withdraw(destination: string): boolean {
    this.#declined.delete(destination)
    return this.#hosts.delete(destination)
  }

  /** `order` (L12): 0 is none; an older word than the last one counts for nothing. */
  offer(destination: string, { service, load }: { service: string; load: number }, order = 0): boolean {
    const host = this.#entry(destination)
    if (host === undefined || (order !== 0 && order < host.order)) return false
    host.order = Math.max(host.order, order)
    if (host.services.get(service) === load) return false
    if (!host.services.has(service) && host.services.size >= plainServicesMax) return false
    host.services.set(service, load)
    return host.cost !== undefined
  }

  withdrawService(destination: string, service: string): boolean {
    return this.#hosts.get(destination)?.services.delete(service) ?? false
  }

  /** It says that it has a way there, whether that is used or not. */
  reaches(destination: string): boolean {
    return this.#hosts.get(destination)?.cost !== undefined
  }

  /** Also of a way that is not used. */
  hopsTold(destination: string): number | undefined {
    return this.#hosts.get(destination)?.cost
  }

  /** Whom it says that it reaches, and over how many hops. */
  *reached(): IterableIterator<[address: string, hops: number]> {
    for (const [address, { cost }] of this.#hosts) if (cost !== undefined) yield [address, cost]
  }

  hopsTo(destination: string): number | undefined {
    const host = this.#hosts.get(destination)
    return this.silent || host?.declined === true ? undefined : host?.cost
  }

  /** Undefined: it does not reach that one, or not for us. */
  host(address: string): PlainHost | undefined {
    const hops = this.hopsTo(address)
    if (hops === undefined) return undefined
    return { address, hops, services: Array.from(this.#hosts.get(address)?.services ?? [], ([service, load]) => ({ service, load })) }
  }

  *hosts(): IterableIterator<PlainHost> {
    for (const address of this.#hosts.keys()) {
      const host = this.host(address)
      if (host) yield host
    }
  }

  #entry(destination: string): Host | undefined {
    let host = this.#hosts.get(destination)
    if (host === undefined && this.#hosts.size < plainHostsMax) {
      host = { cost: undefined, declined: false, order: 0, services: new Map() }
      this.#hosts.set(destination, host)
    }
    return host
  }
}

function isNoNews(host: Host, cost: number): boolean {
  return host.cost !== undefined && !host.declined && host.cost <= cost
}
