// A plain ALN router as its neighbours know it, of any stack of `plain-stack.ts`. It routes as they do: one route for each
// destination, no expiry, no split horizon, no hop limit, and withdrawals that everybody obeys.

import type { Channel } from '../../channel/channel.ts'
import type { Clock } from '../../ports/clock.ts'
import { decodeRouteAdvert, decodeServiceAdvert, encodeRouteAdvert, encodeServiceAdvert } from '../../wire/adverts.ts'
import { netStates, type DecodedPacket, type Packet } from '../../wire/packet.ts'
import { isWireFault } from '../../wire/wire-fault.ts'
import { PlainModelReader, writePlain } from './plain-model-wire.ts'
import type { PlainStack } from './plain-stack.ts'

interface Route {
  readonly nextHop: string
  readonly channel: Channel
  readonly cost: number
}

/** Takes a packet for a service of that node. */
export type PlainHandler = (packet: DecodedPacket) => void

/** One plain node. `addChannel` gives it a link; it answers as its stack does. */
export class PlainRouterModel {
  readonly address: string
  readonly stack: PlainStack
  readonly #clock: Clock
  readonly #channels = new Set<Channel>()
  readonly #routes = new Map<string, Route>()
  /** By service, then by host. */
  readonly #services = new Map<string, Map<string, number>>()
  readonly #handlers = new Map<string, PlainHandler>()
  readonly #contexts = new Map<number, PlainHandler>()
  /** What ended it, if something did. */
  death: string | undefined
  /** Packets read and written so far. */
  packets = 0

  constructor(address: string, stack: PlainStack, clock: Clock) {
    this.address = address
    this.stack = stack
    this.#clock = clock
  }

  addChannel(channel: Channel, closed: () => void = () => {}): void {
    this.#channels.add(channel)
    const reader = new PlainModelReader(channel)
    channel.start({
      message: (bytes) => {
        for (const packet of reader.push(bytes)) this.#read(channel, packet)
      },
      drained: () => {},
      closed: ({ code }) => {
        if (code !== 'lost' || channel.carries === 'text' || !this.stack.keepsBrokenStreams) this.#removeChannel(channel)
        closed()
      },
    })
    this.#write(channel, { netState: netStates.query })
  }

  registerService(service: string, handler: PlainHandler): void {
    this.#handlers.set(service, handler)
    this.#tellAll()
  }

  unregisterService(service: string): void {
    const known = this.#handlers.delete(service)
    if (this.stack.tellsRemoval === 'all but that') this.#tellAll()
    else if (this.stack.tellsRemoval === 'load 0' && known) this.#flood(serviceAdvert(this.address, service, 0))
  }

  /** Replies with this context reach the handler. */
  registerContext(contextID: number, handler: PlainHandler): void {
    this.#contexts.set(contextID, handler)
  }

  /** Contexts registered so far. */
  get contexts(): number {
    return this.#contexts.size
  }

  hasRoute(address: string): boolean {
    return this.#routes.has(address)
  }

  /** The remote hosts that offer a service, as far as it knows. */
  providers(service: string): string[] {
    return [...(this.#services.get(service)?.keys() ?? [])]
  }

  send(packet: Packet): void {
    if (this.death !== undefined) return
    const from = { ...packet, srcAddr: packet.srcAddr || this.address }
    if (from.destAddr || !from.service) return this.#forward(from)
    const providers = [...(this.#handlers.has(from.service) ? [this.address] : []), ...this.providers(from.service)]
    for (const destAddr of providers) this.#forward({ ...from, destAddr })
  }

  #read(channel: Channel, packet: DecodedPacket | 'fatal'): void {
    if (this.death !== undefined) return
    this.packets += 1
    if (packet === 'fatal') return this.#die('a frame that it cannot read')
    if (this.stack.diesOfType && packet.dataType) return this.#die('a type')
    switch (packet.netState ?? 0) {
      case netStates.route:
        return this.#route(channel, packet)
      case netStates.service:
        return this.#service(channel, packet)
      case netStates.query:
        return this.stack.answersEverywhere ? this.#tellAll() : this.#tell(channel)
      case 0:
        return this.#data(channel, packet)
      default:
        if (this.stack.forwardsErrors) this.#data(channel, packet)
    }
  }

  #route(channel: Channel, packet: DecodedPacket): void {
    if (packet.data === undefined && this.stack.name === 'python') return this.#die('a route without data')
    const advert = decodeRouteAdvert(packet.data ?? new Uint8Array(0))
    if (isWireFault(advert)) return
    const { destination, cost } = advert
    if (cost === 0) return this.#withdrawn(channel, packet, destination)
    if (destination === this.address && !this.stack.routesToItself) return
    const known = this.#routes.get(destination)
    if (known !== undefined) {
      const better = this.stack.takesEqualCost ? cost <= known.cost : cost < known.cost
      if (!better && (this.stack.name !== 'python' || this.#channels.has(known.channel))) return
    }
    this.#routes.set(destination, { nextHop: packet.srcAddr ?? '', channel, cost })
    this.#flood(this.#routeAdvert(destination, cost + 1), channel)
  }

  #withdrawn(channel: Channel, packet: DecodedPacket, destination: string): void {
    if (destination === this.address) {
      const { readvertisesAfterMs } = this.stack
      if (readvertisesAfterMs === 0) this.#tellAll()
      else this.#clock.setTimer(readvertisesAfterMs, () => this.#tellAll())
      return
    }
    const known = this.#routes.has(destination)
    if (known || this.stack.relaysUnknownWithdrawals) {
      this.#forget(destination, true)
      this.#flood(packet, channel)
    }
  }

  #service(channel: Channel, packet: DecodedPacket): void {
    const data = packet.data ?? new Uint8Array(0)
    const advert = decodeServiceAdvert(data)
    if (isWireFault(advert)) return this.#die('a service advert that ends early')
    const { host, service, load } = advert
    const exact = serviceAdvert(host, service, load).data as Uint8Array
    if (data.length > exact.length && this.stack.diesOfTrailingBytes) return this.#die('bytes behind a service advert')
    if (data.length < exact.length) return this.#die('a service advert that ends early')
    if (host === this.address) return
    if (load === 0 && this.stack.diesOfLoadZero) return this.#die('a load of 0')
    const hosts = this.#services.get(service) ?? new Map<string, number>()
    this.#services.set(service, hosts)
    const news = load === 0 || hosts.get(host) !== load
    if (load === 0) hosts.delete(host)
    else hosts.set(host, load)
    if (news || this.stack.relaysKnownServices) this.#flood(packet, channel)
  }

  #data(channel: Channel, packet: DecodedPacket): void {
    const { srcAddr, destAddr } = packet
    if (this.stack.learnsSources) {
      if (srcAddr && srcAddr !== this.address && !this.#routes.has(srcAddr)) {
        this.#routes.set(srcAddr, { nextHop: srcAddr, channel, cost: 1 })
      }
    }
    if (!destAddr) return this.stack.expandsMulticast ? this.send(packet) : undefined
    const other = packet.nextAddr !== undefined && packet.nextAddr !== this.address
    if (destAddr !== this.address && other && this.stack.obeysNextHop) return
    this.#forward({ ...packet, srcAddr: srcAddr ?? (this.stack.learnsSources ? undefined : this.address) })
  }

  #forward(packet: Packet): void {
    if (packet.destAddr === this.address) {
      const handler = this.#handlers.get(packet.service ?? '') ?? this.#contexts.get(packet.contextID ?? 0)
      return handler?.({ ...packet, data: typeof packet.data === 'string' ? new TextEncoder().encode(packet.data) : packet.data })
    }
    const route = this.#routes.get(packet.destAddr ?? '')
    if (route) this.#write(route.channel, { ...packet, nextAddr: route.nextHop })
  }

  #removeChannel(channel: Channel): void {
    this.#channels.delete(channel)
    for (const [destination, route] of [...this.#routes]) {
      if (route.channel !== channel) continue
      this.#forget(destination, this.stack.cleansServices)
      this.#flood(this.#routeAdvert(destination, 0))
    }
  }

  #forget(destination: string, services: boolean): void {
    this.#routes.delete(destination)
    if (services) for (const hosts of this.#services.values()) hosts.delete(destination)
  }

  #tellAll(): void {
    for (const channel of this.#channels) this.#tell(channel)
  }

  #tell(channel: Channel): void {
    this.#write(channel, this.#routeAdvert(this.address, 1))
    for (const [destination, { cost }] of this.#routes) this.#write(channel, this.#routeAdvert(destination, cost + 1))
    for (const service of this.#handlers.keys()) this.#write(channel, serviceAdvert(this.address, service, 1))
    for (const [service, hosts] of this.#services)
      for (const [host, load] of hosts) this.#write(channel, serviceAdvert(host, service, load))
  }

  #flood(packet: Packet, except?: Channel): void {
    for (const channel of this.#channels) if (channel !== except) this.#write(channel, packet)
  }

  #write(channel: Channel, packet: Packet): void {
    if (this.death !== undefined) return
    this.packets += 1
    writePlain(this.stack, channel, packet)
  }

  #routeAdvert(destination: string, cost: number): Packet {
    return { netState: netStates.route, srcAddr: this.address, data: encodeRouteAdvert(destination, cost & 0xffff) }
  }

  #die(of: string): void {
    this.death = of
  }
}

function serviceAdvert(host: string, service: string, load: number): Packet {
  return { netState: netStates.service, data: encodeServiceAdvert(host, service, load) }
}
