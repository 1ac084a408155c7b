// What the table means for everybody above: who can be reached and which services there are. All of it follows from the
// selected routes and the records behind them, so that a lost route takes names, services and plain hosts with it.

import { epochOf, type MemberRecord, type PlainHost, type ServiceAdvert } from '../identity/member-record.ts'
import { spokenHops } from '../identity/record-bounds.ts'
import type { VisibleHost } from '../plain-edge/plain-edge.ts'
import { FarMembers, type FarMember } from './far-members.ts'
import type { Route } from './table/origin.ts'
import { PlainHosts, type PlainRoute } from './plain/plain-hosts.ts'
import type { LinkNeighbour } from './link-neighbour.ts'
import type { RouteExchange } from './exchange/route-exchange.ts'
import { metricOf } from './table/route-choice.ts'
import type { Destination, PeerKind, ServiceRow } from './routing-types.ts'
import { ServiceTable, type Offer, type ServiceChange } from './service-table.ts'

export interface ReachabilityPort {
  /** Milliseconds of this node's clock. */
  now(): number
  destination(address: string, state: 'up' | 'change' | 'down'): void
  service(change: ServiceChange): void
  /** The process behind this record has answered in a session. */
  isProven(record: MemberRecord): boolean
  /** It did not answer when it was asked for one. */
  isSilent(address: string): boolean
}

export class Reachability {
  readonly #self: string
  readonly #exchange: RouteExchange
  readonly #port: ReachabilityPort
  readonly #plain = new PlainHosts()
  readonly #services: ServiceTable
  readonly #far = new FarMembers()
  /** Plain nodes that were announced as reachable; of the others, the table remembers it. */
  readonly #plainKnown = new Set<string>()
  #size = 0

  constructor(self: string, exchange: RouteExchange, port: ReachabilityPort) {
    this.#self = self
    this.#exchange = exchange
    this.#port = port
    this.#services = new ServiceTable((change) => port.service(change))
  }

  /** The route to an origin, or its record, changed. */
  review(address: string): void {
    const record = this.#route(address) ? this.#exchange.record(address)?.record : undefined
    // A free-form name of this node's own may have reached a gateway through the plain world.
    const touched = this.#plain.set(address, record?.plainHosts.filter((host) => host.address !== this.#self) ?? [])
    if (record === undefined && this.plainRoute(address)) this.#reviewPlain(address)
    else {
      this.#services.set(address, record?.services ?? [], this.#port.now())
      this.#announce(address, record !== undefined)
    }
    // Also when the hosts are the same: the way to them may be another.
    for (const host of touched) this.#reviewPlain(host)
  }

  /** What this node offers itself, and the plain hosts it answers for. */
  reviewOwn(services: readonly ServiceAdvert[], plainHosts: readonly PlainHost[]): void {
    this.#services.set(this.#self, services, this.#port.now())
    for (const host of this.#plain.set(this.#self, plainHosts)) this.#reviewPlain(host)
  }

  /** A packet of the plain node `source` came through `gateway`: replies find back before it is advertised. */
  noteWayBack(source: string, gateway: string): void {
    this.#plain.noteWayBack(source, gateway)
  }

  /** The way to a node that has routes of its own. */
  #route(address: string): Route<LinkNeighbour> | undefined {
    return this.#exchange.table.get(address)?.selected
  }

  plainRoute(address: string): PlainRoute | undefined {
    if (this.#route(address)) return undefined
    return this.#plain.route(address, (gateway) => this.#costOf(gateway))
  }

  /** Who else than this node answers for that name: itself (it has routes of its own), or another gateway (a lease). */
  wayTo(address: string): 'native' | 'lease' | 'none' {
    if (this.#route(address)) return 'native'
    return this.#plain.route(address, (gateway) => this.#costOfOther(gateway)) ? 'lease' : 'none'
  }

  /** Another gateway answers for that plain node, over at most so many plain hops. */
  isShared(address: string, hopsMax: number): boolean {
    return this.#plain.route(address, (gateway) => this.#costOfOther(gateway), hopsMax) !== undefined
  }

  /** Where packets for a plain node go: its gateway, or where its own came from, if it has only ever spoken. */
  wayToPlain(address: string): PlainRoute | undefined {
    const route = this.plainRoute(address)
    if (route && route.host.hops < spokenHops) return route
    return this.#plain.wayBack(address, (gateway) => this.#costOf(gateway)) ?? route
  }

  destination(address: string): Destination | undefined {
    const route = this.#route(address)
    const record = this.#exchange.record(address)?.record
    if (route && record) {
      const { neighbour } = route
      const link = this.#exchange.linkTo(address)?.link
      const way = { hops: route.hops, cost: metricOf(route), via: neighbour.address, direct: link !== undefined }
      return { ...this.#who(record), ...way, roundTripMs: link?.roundTripMs }
    }
    const plain = this.plainRoute(address)
    if (!plain) return record && this.#farAway(record)
    const toGateway = plain.gateway === this.#self ? undefined : this.#route(plain.gateway)
    const hops = (toGateway?.hops ?? 0) + plain.host.hops
    const via = toGateway?.neighbour.address ?? address
    return {
      address,
      kind: 'plain',
      name: address,
      capabilities: [],
      hops,
      cost: plain.cost,
      via,
      direct: hops === 1,
      verified: false,
      silent: false,
      gateway: plain.gateway,
    }
  }

  /** A relay says that it can reach this member, of whom it did not tell. */
  noteFar(member: FarMember): void {
    this.#far.keep(member, this.#port.now())
  }

  #farAway(record: MemberRecord): Destination | undefined {
    const far = this.#far.get(record.address, this.#port.now())
    const relay = this.#exchange.defaultRelay
    if (!far || !relay || record.kind !== 'member') return undefined
    return { ...this.#who(record), hops: far.hops + 1, cost: far.cost + relay.cost, via: relay.address, direct: false }
  }

  #who(record: MemberRecord): Pick<Destination, 'address' | 'kind' | 'name' | 'capabilities' | 'verified' | 'silent' | 'startedAt'> {
    const { address, kind, name, capabilities, seq48 } = record
    return {
      address,
      kind: kindOf(kind),
      name: kind === 'named' ? address : name,
      capabilities,
      verified: kind !== 'named' && this.#port.isProven(record),
      silent: this.#port.isSilent(address),
      startedAt: epochOf(seq48) * 1_000,
    }
  }

  /** How many can be reached. */
  get size(): number {
    return this.#size
  }

  /** Everybody that can be reached, without the first `skip`. */
  *destinations(skip = 0): IterableIterator<Destination> {
    let place = 0
    for (const address of this.#knownAddresses()) {
      const destination = place++ < skip ? undefined : this.destination(address)
      if (destination) yield destination
    }
  }

  /** Nobody is there any more: this node is somebody else now. */
  forgetAll(): void {
    for (const address of [...this.#knownAddresses()]) {
      this.#services.set(address, [], this.#port.now())
      this.#announce(address, false)
    }
    this.#services.set(this.#self, [], this.#port.now())
  }

  /** Whether it is there, or answers, is known better now. */
  proofChanged(address: string): void {
    if (this.#isKnown(address)) this.#port.destination(address, 'change')
  }

  providers(service: string): ReadonlyMap<string, Offer> {
    return this.#services.providers(service)
  }

  /** Everybody that plain nodes may reach, other than this node. */
  *visibleToPlain(): IterableIterator<VisibleHost> {
    for (const { address, hops, kind } of this.destinations()) {
      if (kind !== 'relay') yield { address, hops, services: this.plainServicesOf(address) }
    }
  }

  /** What plain nodes may know of a host's services. */
  plainServicesOf(address: string): ServiceAdvert[] {
    const hidden = new Set(
      this.#exchange
        .record(address)
        ?.record.services.filter(({ plain }) => plain === false)
        .map(({ service }) => service),
    )
    return Array.from(this.#services.of(address), ([service, { load }]) => ({ service, load })).filter(
      ({ service }) => !hidden.has(service),
    )
  }

  services(name?: string): ServiceRow[] {
    const rows: ServiceRow[] = []
    const now = this.#port.now()
    for (const service of name === undefined ? this.#services.names() : [name]) {
      for (const [address, { load, knownSince, loadSince }] of this.#services.providers(service)) {
        const at = address === this.#self ? { hops: 0, cost: 0, kind: 'member' as const, silent: false } : this.destination(address)
        if (!at) continue
        const { hops, cost, kind, silent } = at
        rows.push({ service, address, load, hops, cost, kind, silent, knownMs: now - knownSince, unchangedMs: now - loadSince })
      }
    }
    return rows
  }

  #reviewPlain(address: string): void {
    const route = this.plainRoute(address)
    // A capable node under the same name has its own record and stays what it is.
    if (this.#route(address)) return
    this.#services.set(address, route?.host.services ?? [], this.#port.now())
    this.#announce(address, route !== undefined)
  }

  #costOf(gateway: string): number | undefined {
    if (gateway === this.#self) return 0
    const route = this.#route(gateway)
    return route && metricOf(route)
  }

  #costOfOther(gateway: string): number | undefined {
    return gateway === this.#self ? undefined : this.#costOf(gateway)
  }

  #isKnown(address: string): boolean {
    return this.#exchange.table.get(address)?.announced === true || this.#plainKnown.has(address)
  }

  *#knownAddresses(): IterableIterator<string> {
    for (const { address, announced } of this.#exchange.table.all()) if (announced) yield address
    yield* this.#plainKnown
  }

  #announce(address: string, reachable: boolean): void {
    const known = this.#isKnown(address)
    const origin = this.#exchange.table.get(address)
    const native = origin?.nextHop !== undefined
    if (origin) origin.announced = reachable && native
    if (reachable && !native) this.#plainKnown.add(address)
    else this.#plainKnown.delete(address)
    this.#size += Number(reachable) - Number(known)
    if (reachable) this.#port.destination(address, known ? 'change' : 'up')
    else if (known) this.#port.destination(address, 'down')
  }
}

function kindOf(kind: 'member' | 'relay' | 'left' | 'named'): PeerKind {
  return kind === 'relay' ? 'relay' : kind === 'named' ? 'plain' : 'member'
}
