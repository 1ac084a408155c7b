// Everything that is only for plain ALN neighbours: reading their adverts without believing too much, telling them what
// they can reach in words that no stack dies of, and keeping both worlds from teaching each other loops.
//
// Cost bands: plain nodes count 1 … 63 among themselves; whatever we tell them of others costs 64 and more, and an advert
// of 64 and more is our own echo. Never told: a route to oneself, a load of 0, a cost of 0 that is not a real withdrawal.

import { isMemberForm } from '../identity/address.ts'
import type { PlainHost, ServiceAdvert } from '../identity/member-record.ts'
import { serviceNameBytesMax, utf8Length } from '../identity/record-bounds.ts'
import type { Link } from '../link/link.ts'
import type { Clock } from '../ports/clock.ts'
import { decodeRouteAdvert, decodeServiceAdvert, encodeRouteAdvert, encodeServiceAdvert } from '../wire/adverts.ts'
import { netStates, type DecodedPacket, type Packet } from '../wire/packet.ts'
import { isWireFault } from '../wire/wire-fault.ts'
import { hostsBehind } from './hosts-behind.ts'
import { PlainNeighbour } from './plain-neighbour.ts'

/** The lowest cost that this side tells of anybody but itself. */
export const injectedCost = 64
const hopsTold = 50
/** Changes toward plain neighbours are told together. */
const tellEveryMs = 20
/** A plain neighbour that withdraws what we told it hears it again after this time, at most once a second. */
const againAfterMs = 150
const againEveryMs = 1_000
const answerEveryMs = 1_000
/** A neighbour says its name in answer to our greeting; before, it could be told of itself. Some never say one. */
const namedWithinMs = 300
/** Early adverts are lost by some stacks (a start-up race), so they are told a few times. */
const repeatsMs = [1_000, 3_000, 10_000] as const
const addressBytesMax = 100

/** A destination as plain neighbours may see it. */
export interface VisibleHost {
  readonly address: string
  readonly hops: number
  readonly services: readonly ServiceAdvert[]
}

/** What the plain edge needs of routing: its port, and nothing else. */
export interface PlainEdgePort {
  readonly address: string
  readonly clock: Clock
  /** Own services that plain nodes may call. */
  ownServices(): readonly ServiceAdvert[]
  /** Everybody that plain neighbours may reach, other than this node. */
  visible(): Iterable<VisibleHost>
  /** The hosts behind this edge changed. */
  hostsChanged(): void
  /** A packet that is no advert, from a plain neighbour; its source is set and believed no further than its link. */
  packet(packet: DecodedPacket, from: string): void
  fault(code: string, message: string): void
}

export class PlainEdge {
  readonly #port: PlainEdgePort
  readonly #neighbours = new Map<Link, PlainNeighbour>()
  #cancelTell: (() => void) | undefined

  constructor(port: PlainEdgePort) {
    this.#port = port
  }

  /** What may be said before anything is known of the neighbour: ROUTE self, own services. */
  greeting(): Packet[] {
    const { address } = this.#port
    const route: Packet = { netState: netStates.route, srcAddr: address, data: encodeRouteAdvert(address, 1) }
    return [route, ...this.#serviceAdverts(address, this.#port.ownServices())]
  }

  join(link: Link): void {
    const neighbour = new PlainNeighbour(link)
    this.#neighbours.set(link, neighbour)
    neighbour.tellFrom = this.#port.clock.now() + namedWithinMs
    this.#after(neighbour, namedWithinMs, () => {
      neighbour.tellFrom = 0
      this.#tell(neighbour)
    })
    for (const delayMs of repeatsMs) this.#after(neighbour, delayMs, () => link.sendPlain(this.greeting()))
  }

  leave(link: Link): void {
    const neighbour = this.#neighbours.get(link)
    if (!neighbour) return
    this.#neighbours.delete(link)
    for (const cancel of neighbour.timers) cancel()
    const hosts = [...neighbour.hosts()]
    for (const host of hosts) this.#bequeath(host)
    if (hosts.length > 0) this.#port.hostsChanged()
  }

  /** Hosts behind this edge. */
  hosts(): PlainHost[] {
    return hostsBehind(this.#neighbours.values())
  }

  /** The nearest first. */
  addressesBehind(link: Link): string[] {
    const hosts = [...(this.#neighbours.get(link)?.hosts() ?? [])]
    return hosts.sort((a, b) => a.hops - b.hops).map(({ address }) => address)
  }

  /** A data packet or error to a host behind this edge. A code: it did not leave. */
  send(packet: Packet, destination: string): 'NO_ROUTE' | 'QUEUE_FULL' | undefined {
    const neighbour = this.#toward(destination)
    if (!neighbour) return 'NO_ROUTE'
    if (neighbour.link.plainFull) return 'QUEUE_FULL'
    // A plain stack drops its answer when it has no route to the source: adverts that still wait go first.
    const source = packet.srcAddr
    const waits = this.#cancelTell !== undefined || neighbour.tellFrom > 0
    if (waits && source && !neighbour.told.has(source) && !neighbour.reaches(source)) {
      neighbour.tellFrom = 0
      this.#tell(neighbour)
    }
    // Only what every stack survives: no type, and the next hop always named.
    const last: Packet = { ...packet, destAddr: destination, nextAddr: neighbour.address || destination, dataType: undefined }
    return neighbour.link.sendPlain([last]) ? undefined : 'NO_ROUTE'
  }

  receive(link: Link, packet: DecodedPacket): void {
    const neighbour = this.#neighbours.get(link)
    if (!neighbour) return
    switch (packet.netState ?? 0) {
      case netStates.route:
        return this.#route(neighbour, packet)
      case netStates.service:
        return this.#service(neighbour, packet)
      case netStates.query:
        return this.#query(neighbour)
      case 0:
      case netStates.error:
        return this.#packet(neighbour, packet)
      default:
        this.#port.fault('unknown-kind', `net ${packet.netState} from ${link.channel.label}`)
    }
  }

  /** What plain neighbours may see has changed. */
  changed(): void {
    if (this.#neighbours.size > 0) this.#tellSoon()
  }

  /** Before the links end: not every plain stack forgets what it learned from a link that closed. */
  farewell(): void {
    for (const { link, told } of this.#neighbours.values()) link.sendPlain(Array.from(told.keys(), (address) => this.#routeAdvert(address, 0)))
  }

  stop(): void {
    this.#cancelTell?.()
  }

  #route(neighbour: PlainNeighbour, packet: DecodedPacket): void {
    const advert = decodeRouteAdvert(packet.data ?? new Uint8Array(0))
    if (isWireFault(advert)) return this.#port.fault(advert.code, `${neighbour.link.channel.label}: ${advert.detail}`)
    const { destination, cost } = advert
    if (cost === 0 && (neighbour.told.has(destination) || destination === this.#port.address)) this.#again(neighbour, destination)
    // Who says that it is us, not only that we are there, is no echo.
    if (cost > 0 && packet.srcAddr === this.#port.address && !neighbour.link.admits(packet.srcAddr)) return
    if (destination === this.#port.address || !this.#mayClaim(destination, neighbour, cost)) return
    if (cost === 0) return this.#withdrawn(neighbour, destination)
    // Withdrawals are passed on as they came, so only a route says who is at the other end.
    const own = [packet.srcAddr ?? '', ...(cost === 1 ? [destination] : [])]
    if (own.some((address) => address !== '' && !neighbour.reaches(address) && !neighbour.link.admits(address))) return
    this.#name(neighbour, packet.srcAddr)
    if (cost < injectedCost && neighbour.learn(destination, cost)) this.#port.hostsChanged()
  }

  #withdrawn(neighbour: PlainNeighbour, destination: string): void {
    if (destination !== neighbour.address) {
      const host = neighbour.host(destination)
      if (!neighbour.withdraw(destination)) return
      if (host) this.#bequeath(host)
      return this.#port.hostsChanged()
    }
    // A neighbour that is heard saying so is there: some stacks withdraw themselves when another of their links ends.
    const now = this.#port.clock.now()
    if (now - neighbour.queriedAt < againEveryMs) return
    neighbour.queriedAt = now
    neighbour.link.sendPlain([{ netState: netStates.query }])
  }

  #service(neighbour: PlainNeighbour, packet: DecodedPacket): void {
    const advert = decodeServiceAdvert(packet.data ?? new Uint8Array(0))
    if (isWireFault(advert)) return this.#port.fault(advert.code, `${neighbour.link.channel.label}: ${advert.detail}`)
    const { host, service, load } = advert
    if (host === this.#port.address || !this.#mayClaim(host, neighbour)) return
    if (service.startsWith('$') || utf8Length(service) > serviceNameBytesMax) return this.#port.fault('bad-value', `a plain service '${service.slice(0, 20)}'`)
    // Echoes of what this side told the neighbour itself.
    if (neighbour.told.has(host)) return
    let changed = load > 0 && neighbour.offer(host, service, Math.min(load, 127))
    if (load === 0) for (const one of this.#neighbours.values()) if (one.withdrawService(host, service)) changed = true
    if (changed) this.#port.hostsChanged()
  }

  /** A service is told once, by whoever hears of it first: it outlives that way while another one is left. */
  #bequeath({ address, services }: PlainHost): void {
    const heir = this.#toward(address)
    const known = new Set(heir?.host(address)?.services.map(({ service }) => service))
    for (const { service, load } of services) if (!known.has(service)) heir?.offer(address, service, load)
  }

  #query(neighbour: PlainNeighbour): void {
    const now = this.#port.clock.now()
    if (now - neighbour.answeredAt < answerEveryMs) return
    neighbour.answeredAt = now
    neighbour.told.clear()
    neighbour.link.sendPlain(this.greeting())
    this.#tell(neighbour)
  }

  #packet(neighbour: PlainNeighbour, packet: DecodedPacket): void {
    const source = packet.srcAddr ?? neighbour.address
    if (isMemberForm(source)) {
      this.#port.fault('SPOOFED', `${neighbour.link.channel.label} sent as the member ${source}`)
      return void neighbour.link.admits(source)
    }
    if (source === this.#port.address) return
    if (source === '') return this.#port.fault('bad-value', `a packet without a source from ${neighbour.link.channel.label}`)
    if (!neighbour.reaches(source) && !neighbour.link.admits(source)) return
    // An edge node that never advertises is reachable through the link it speaks on, at a cost that any advert beats.
    if (!this.#toward(source) && neighbour.learn(source, injectedCost - 1)) this.#port.hostsChanged()
    this.#port.packet({ ...packet, srcAddr: source, nextAddr: undefined }, source)
  }

  #mayClaim(address: string, neighbour: PlainNeighbour, cost?: number): boolean {
    if (!isMemberForm(address) && address.length <= addressBytesMax) return true
    // Our own words come back from rings of plain nodes: claiming nothing, they are no fraud.
    const echo = cost === undefined ? neighbour.told.has(address) : cost === 0 || cost >= injectedCost
    if (echo) return false
    this.#port.fault('SPOOFED', `${neighbour.link.channel.label} advertised ${address.slice(0, 40)}`)
    neighbour.link.admits(address)
    return false
  }

  #name(neighbour: PlainNeighbour, source: string | undefined): void {
    if (!source || isMemberForm(source) || source === this.#port.address || neighbour.address === source) return
    neighbour.address = source
    neighbour.tellFrom = 0
    neighbour.link.namePlain(source)
    this.#tellSoon()
  }

  /** What a plain node hears withdrawn it forgets, although we told it; once the withdrawal has passed it is told again. */
  #again(neighbour: PlainNeighbour, destination: string): void {
    const waits = neighbour.again.size > 0
    neighbour.again.add(destination)
    if (waits) return
    const { clock } = this.#port
    const delayMs = Math.max(againAfterMs, neighbour.quietUntil - clock.now())
    this.#after(neighbour, delayMs, () => {
      neighbour.quietUntil = clock.now() + againEveryMs
      for (const address of neighbour.again) neighbour.told.delete(address)
      neighbour.again.clear()
      this.#tell(neighbour)
    })
  }

  /** While the neighbour is there. */
  #after(neighbour: PlainNeighbour, delayMs: number, act: () => void): void {
    const cancel = this.#port.clock.setTimer(delayMs, () => {
      neighbour.timers.delete(cancel)
      act()
    })
    neighbour.timers.add(cancel)
  }

  #toward(destination: string): PlainNeighbour | undefined {
    let best: PlainNeighbour | undefined
    let bestHops = Number.POSITIVE_INFINITY
    for (const neighbour of this.#neighbours.values()) {
      const hops = neighbour.hopsTo(destination)
      // Of equals the newest: an older link under the same name may be dead without knowing it.
      if (hops === undefined || hops > bestHops) continue
      best = neighbour
      bestHops = hops
    }
    return best
  }

  #tellSoon(): void {
    this.#cancelTell ??= this.#port.clock.setTimer(tellEveryMs, () => {
      this.#cancelTell = undefined
      for (const neighbour of this.#neighbours.values()) this.#tell(neighbour)
    })
  }

  /** The difference between what the neighbour was told and what it may see now. */
  #tell(neighbour: PlainNeighbour): void {
    if (this.#port.clock.now() < neighbour.tellFrom) return
    const packets: Packet[] = []
    const present = new Set<string>()
    for (const host of [{ address: this.#port.address, hops: 0, services: this.#port.ownServices() }, ...this.#port.visible()]) {
      if (host.address === neighbour.address || neighbour.reaches(host.address)) continue
      present.add(host.address)
      this.#tellHost(neighbour, host, packets)
    }
    for (const address of [...neighbour.told.keys()]) {
      if (present.has(address)) continue
      neighbour.told.delete(address)
      packets.push(this.#routeAdvert(address, 0))
    }
    neighbour.link.sendPlain(packets)
  }

  #tellHost(neighbour: PlainNeighbour, host: VisibleHost, packets: Packet[]): void {
    const { address, hops } = host
    const told = neighbour.told.get(address)
    const services = new Map(host.services.map(({ service, load }) => [service, Math.max(1, load)]))
    const cost = hops === 0 ? 1 : injectedCost + Math.min(hopsTold, hops)
    const removed = told !== undefined && Array.from(told.services.keys()).some((service) => !services.has(service))
    // Getting worse is not told: no plain stack would take it.
    const better = told === undefined || cost < told.cost
    if (removed) packets.push(this.#routeAdvert(address, 0))
    if (removed || better) packets.push(this.#routeAdvert(address, cost))
    const known = removed ? undefined : told?.services
    packets.push(...this.#serviceAdverts(address, host.services.filter(({ service }) => known?.get(service) !== services.get(service))))
    neighbour.told.set(address, { cost: better ? cost : told.cost, services })
  }

  #routeAdvert(destination: string, cost: number): Packet {
    return { netState: netStates.route, srcAddr: this.#port.address, data: encodeRouteAdvert(destination, cost) }
  }

  #serviceAdverts(host: string, services: readonly ServiceAdvert[]): Packet[] {
    return services.map(({ service, load }) => ({ netState: netStates.service, data: encodeServiceAdvert(host, service, Math.max(1, load)) }))
  }
}
