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
  /** Self is advertised again on this link not before. */
  quietUntil = 0
  /** Answered a query last. */
  answeredAt: number = Number.NEGATIVE_INFINITY
  readonly told: Map<string, Told> = new Map()
  readonly #hosts = new Map<string, Host>()

  constructor(link: Link) {
    this.link = link
  }

  /** The least cost counts until a withdrawal: plain nodes never raise a cost, so a higher one is an echo. */
  learn(destination: string, cost: number): boolean {
    const host = this.#host(destination)
    if (host === undefined || (host.cost !== undefined && host.cost <= cost)) return false
    host.cost = cost
    return true
  }

  withdraw(destination: string): boolean {
    return this.#hosts.delete(destination)
  }

  offer(destination: string, service: string, load: number): boolean {
    const host = this.#host(destination)
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

  *hosts(): IterableIterator<PlainHost> {
    for (const [address, { cost, services }] of this.#hosts) {
      if (cost === undefined) continue
      yield { address, hops: cost, services: Array.from(services, ([service, load]) => ({ service, load })) }
    }
  }

  #host(destination: string): Host | undefined {
    let host = this.#hosts.get(destination)
    if (host === undefined && this.#hosts.size < plainHostsMax) this.#hosts.set(destination, (host = { cost: undefined, services: new Map() }))
    return host
  }
}
