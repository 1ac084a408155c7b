import { RecentMap } from '../../bytes/recent-map.ts'
import type { PlainHost } from '../../identity/member-record.ts'

/** A link to a plain node, and each of its own hops, costs as much as this many units of metric. */
export const plainHopCost = 64

/** Ways back to plain nodes that have sent but are not advertised (yet). */
export const waysBackMax = 1_024

const none: ReadonlySet<string> = new Set()

export interface PlainRoute {
  readonly host: PlainHost
  readonly gateway: string
  readonly cost: number
}

/**
 * Plain ALN nodes by the gateways that answer for them (this node's own ones included). Packets for a plain host name
 * their gateway and follow the route to it, so they are as free of loops as that route is.
 */
export class PlainHosts {
  readonly #byAddress = new Map<string, Map<string, PlainHost>>()
  readonly #byGateway = new Map<string, readonly PlainHost[]>()
  readonly #waysBack = new RecentMap<string, string>(waysBackMax)

  /** A packet of the plain node `address` came through `gateway`. */
  noteWayBack(address: string, gateway: string): void {
    this.#waysBack.set(address, gateway)
  }

  /** All hosts that `gateway` answers for now. Gives the addresses that this touches. */
  set(gateway: string, hosts: readonly PlainHost[]): ReadonlySet<string> {
    if (hosts.length === 0 && !this.#byGateway.has(gateway)) return none
    const touched = new Set<string>()
    const before = this.#byGateway.get(gateway) ?? []
    for (const { address } of before) {
      const gateways = this.#byAddress.get(address)
      gateways?.delete(gateway)
      if (gateways?.size === 0) this.#byAddress.delete(address)
      touched.add(address)
    }
    for (const host of hosts) {
      const gateways = this.#byAddress.get(host.address) ?? new Map<string, PlainHost>()
      this.#byAddress.set(host.address, gateways.set(gateway, host))
      touched.add(host.address)
    }
    for (const { address } of before) {
      const answers = this.#byAddress.get(address)?.has(gateway)
      if (!answers && this.#waysBack.get(address) === gateway) this.#waysBack.delete(address)
    }
    if (hosts.length > 0) this.#byGateway.set(gateway, hosts)
    else this.#byGateway.delete(gateway)
    return touched
  }

  /** The cheapest way; `costOf` tells what a gateway costs, undefined when it cannot be reached. At most `hopsMax` behind its gateway. */
  route(
    address: string,
    costOf: (gateway: string) => number | undefined,
    hopsMax: number = Number.POSITIVE_INFINITY,
  ): PlainRoute | undefined {
    let best: PlainRoute | undefined
    for (const [gateway, host] of this.#byAddress.get(address) ?? []) {
      const toGateway = costOf(gateway)
      if (toGateway === undefined || host.hops > hopsMax) continue
      const cost = toGateway + host.hops * plainHopCost
      if (best === undefined || cost < best.cost) best = { host, gateway, cost }
    }
    return best
  }

  /** Where a packet of that plain node last came from; only good for an answer. */
  wayBack(address: string, costOf: (gateway: string) => number | undefined): PlainRoute | undefined {
    const gateway = this.#waysBack.get(address)
    const toGateway = gateway === undefined ? undefined : costOf(gateway)
    if (gateway === undefined || toGateway === undefined) return undefined
    return { host: { address, hops: 1, services: [] }, gateway, cost: toGateway + plainHopCost }
  }
}
