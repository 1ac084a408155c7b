import type { PlainHost } from '../identity/member-record.ts'
import type { Link } from '../link/link.ts'

/** Hosts, and services of one host, that one plain neighbour may teach. */
export const plainHostsMax = 1_024
export const plainServicesMax = 32

interface Host {
  /** Undefined: only its services were heard of so far. */
  cost: number | undefined
  readonly services: Map<string, number>
}

/** What a plain neighbour was told about one destination. */
interface Told {
  cost: number
  services: ReadonlyMap<string, number>
}

/** One plain ALN node at the end of a link: what it taught, and what it was told. */
export class PlainNeighbour {
  readonly link: Link
  /** Its own address, once it said one. */
  address = ''
  /** What it withdrew of what it was told, and will be told again. */
  readonly again: Set<string> = new Set()
  /** Others are told of on this link not before. */
  tellFrom = 0
  /** Nothing is told again on this link before. */
  quietUntil = 0
  /** Asked for its tables last because it withdrew itself. */
  queriedAt: number = Number.NEGATIVE_INFINITY
  /** Answered a query last. */
  answeredAt: number = Number.NEGATIVE_INFINITY
  /** What cancels each of its timers. */
  readonly timers: Set<() => void> = new Set()
  readonly told: Map<string, Told> = new Map()
  readonly #hosts = new Map<string, Host>()

  constructor(link: Link) {
    this.link = link
  }

  /** The least cost counts until a withdrawal: plain nodes never raise a cost, so a higher one is an echo. */
  learn(destination: string, cost: number): boolean {
    const host = this.#entry(destination)
    if (host === undefined || (host.cost !== undefined && host.cost <= cost)) return false
    host.cost = cost
    // Its own way has replaced ours: a withdrawal of ours would cost it its own, and its services are no echo of ours.
    this.told.delete(destination)
    return true
  }

  withdraw(destination: string): boolean {
    return this.#hosts.delete(destination)
  }

  offer(destination: string, service: string, load: number): boolean {
    const host = this.#entry(destination)
    if (host === undefined || host.services.get(service) === load) return false
    if (!host.services.has(service) && host.services.size >= plainServicesMax) return false
    host.services.set(service, load)
    return host.cost !== undefined
  }

  withdrawService(destination: string, service: string): boolean {
    return this.#hosts.get(destination)?.services.delete(service) ?? false
  }

  reaches(destination: string): boolean {
    return this.#hosts.get(destination)?.cost !== undefined
  }

  hopsTo(destination: string): number | undefined {
    return this.#hosts.get(destination)?.cost
  }

  /** Undefined: it does not reach that one. */
  host(address: string): PlainHost | undefined {
    const host = this.#hosts.get(address)
    if (host?.cost === undefined) return undefined
    return { address, hops: host.cost, services: Array.from(host.services, ([service, load]) => ({ service, load })) }
  }

  *hosts(): IterableIterator<PlainHost> {
    for (const address of this.#hosts.keys()) {
      const host = this.host(address)
      if (host) yield host
    }
  }

  #entry(destination: string): Host | undefined {
    let host = this.#hosts.get(destination)
    if (host === undefined && this.#hosts.size < plainHostsMax) this.#hosts.set(destination, (host = { cost: undefined, services: new Map() }))
    return host
  }
}
