// What plain neighbours teach, without believing too much: nothing about members (SE1), nothing that is our own echo (L3),
// a withdrawal only of what this very neighbour taught (L7).

import type { PlainHost } from '../identity/member-record.ts'
import { isMemberForm } from '../identity/address.ts'
import { utf8Length } from '../bytes/utf8-length.ts'
import { serviceNameBytesMax, spokenHops } from '../identity/record-bounds.ts'
import { decodeRouteAdvert, decodeServiceAdvert } from '../wire/adverts.ts'
import { netStates, type DecodedPacket } from '../wire/packet.ts'
import { isWireFault } from '../wire/wire-fault.ts'
import { readOrder } from './origin-order.ts'
import type { LostWays } from './lost-ways.ts'
import type { PlainEdgePort } from './plain-edge-port.ts'
import type { PlainNeighbour } from './plain-neighbour.ts'
import type { PlainNeighbours } from './plain-neighbours.ts'
import type { PlainTeller } from './plain-teller.ts'
import { isEcho, toldLoad } from './plain-words.ts'

const addressBytesMax = 100
/** L7: who withdrew something may know another way: it is asked, once the withdrawal has passed … */
const askAfterMs = 400
/** … at most so often, for the Python router answers on all its links. */
const askEveryMs = 2_000
/** An answer takes less, or is none. */
const doubtMs = 5_000
/** Who only ever speaks and says nothing here for so long, but elsewhere, is there. */
const speakerMovedMs = 10_000
/** L13: until what the other gateway told is withdrawn, wherever it went. */
const declinedAgainMs = 1_000

export class PlainLearner {
  readonly #port: PlainEdgePort
  readonly #neighbours: PlainNeighbours
  readonly #teller: PlainTeller
  readonly #lostWays: LostWays

  constructor(port: PlainEdgePort, neighbours: PlainNeighbours, teller: PlainTeller, lostWays: LostWays) {
    this.#port = port
    this.#neighbours = neighbours
    this.#teller = teller
    this.#lostWays = lostWays
  }

  route(neighbour: PlainNeighbour, packet: DecodedPacket): void {
    const advert = decodeRouteAdvert(packet.data ?? new Uint8Array(0))
    if (isWireFault(advert)) return this.#port.fault(advert.code, `${neighbour.link.channel.label}: ${advert.detail}`)
    const { destination, cost } = advert
    if (cost === 0 && (neighbour.told.has(destination) || destination === this.#port.address)) this.#teller.forgot(neighbour, destination)
    // Who says that it is us, not only that we are there, is no echo.
    if (cost > 0 && packet.srcAddr === this.#port.address && !neighbour.link.admits(packet.srcAddr)) return
    this.#lostWays.heard(neighbour, destination, cost)
    if (destination === this.#port.address || !this.#mayClaim(destination, neighbour, cost)) return
    if (cost === 0) return this.#withdrawn(neighbour, destination)
    // Withdrawals are passed on as they came, so only a route says who is at the other end.
    const own = [packet.srcAddr ?? '', ...(cost === 1 ? [destination] : [])]
    if (own.some((address) => address !== '' && !neighbour.reaches(address) && !neighbour.link.admits(address))) return
    this.#name(neighbour, packet.srcAddr)
    if (isEcho(cost)) return
    // Its link to this node has ended, and it is behind this neighbour now.
    if (cost > 1 && !neighbour.reaches(destination) && this.#neighbours.returns(destination)) this.#lostWays.tellAnew(neighbour)
    if (this.#isDeclined(neighbour, destination, cost)) return neighbour.decline(destination, cost) ? this.#teller.changed() : undefined
    if (neighbour.learn(destination, cost)) this.#port.hostsChanged()
  }

  service(neighbour: PlainNeighbour, packet: DecodedPacket): void {
    const advert = decodeServiceAdvert(packet.data ?? new Uint8Array(0))
    if (isWireFault(advert)) return this.#port.fault(advert.code, `${neighbour.link.channel.label}: ${advert.detail}`)
    const { host, service, load } = advert
    if (host === this.#port.address || !this.#mayClaim(host, neighbour)) return
    if (service.startsWith('$') || utf8Length(service) > serviceNameBytesMax) {
      return this.#port.fault('bad-value', `a plain service '${service.slice(0, 20)}'`)
    }
    // Echoes of what this side told the neighbour itself.
    if (neighbour.told.has(host)) return
    let changed = load > 0 && neighbour.offer(host, { service, load: toldLoad(load) }, readOrder(packet))
    if (load === 0) for (const one of this.#neighbours.all()) if (one.withdrawService(host, service)) changed = true
    if (changed) this.#port.hostsChanged()
  }

  /** Somebody speaks who was never advertised: an edge node that only ever sends. Any advert beats what is learned here. */
  speaker(neighbour: PlainNeighbour, source: string): void {
    if (neighbour.reaches(source)) return
    const before = this.#neighbours.toward(source)
    if (before && before.hopsTo(source) !== spokenHops) return
    if (!before && (this.#port.wayTo(source) === 'native' || this.#port.isShared(source, spokenHops - 1))) return
    // It has moved: nothing else tells.
    before?.withdraw(source)
    if (neighbour.learn(source, spokenHops)) this.#port.hostsChanged()
  }

  /** A service is told once, by whoever hears of it first: it outlives that way while another one is left. */
  bequeath({ address, services }: PlainHost): void {
    const heir = this.#neighbours.toward(address)
    const known = new Set(heir?.host(address)?.services.map(({ service }) => service))
    for (const offer of services) if (!known.has(offer.service)) heir?.offer(address, offer)
  }

  /** The neighbour is asked for its tables, soon. */
  refresh(neighbour: PlainNeighbour): void {
    this.#ask(neighbour, 0)
  }

  /** Who can be reached has changed. */
  changed(): void {
    for (const neighbour of this.#neighbours.all()) {
      const before = neighbour.shared
      neighbour.shared = this.#sharedBy(neighbour)
      for (const address of neighbour.shared)
        if (!before.has(address) && neighbour.hopsTo(address) === spokenHops) this.#watchSpeaker(neighbour, address)
      for (const address of before) if (neighbour.reaches(address) && !neighbour.shared.has(address)) this.#lostWays.tellAnew(neighbour)
      this.#lostWays.review(neighbour)
      // It has come to another gateway: with a second link, or because this one is dead and nobody noticed.
      if (neighbour.shared.has(neighbour.address) && !before.has(neighbour.address)) this.#doubt(neighbour)
      const free = neighbour.takeDeclined((address) => this.#port.wayTo(address) !== 'none')
      if (free.length > 0) this.#ask(neighbour, declinedAgainMs)
    }
  }

  /** Whom it reaches while another gateway is next to that one; or has heard it, too, of those that only ever speak. */
  #sharedBy(neighbour: PlainNeighbour): Set<string> {
    const reached = [...neighbour.reached()]
    return new Set(
      reached.flatMap(([address, hops]) => (this.#port.isShared(address, hops === spokenHops ? spokenHops : 1) ? [address] : [])),
    )
  }

  /** Another gateway has heard it, too: it may have gone there, and the link that it spoke on may never end. */
  #watchSpeaker(neighbour: PlainNeighbour, address: string): void {
    const since = this.#port.clock.now()
    this.#neighbours.after(neighbour, speakerMovedMs, () => {
      if (!neighbour.shared.has(address) || neighbour.hopsTo(address) !== spokenHops) return
      if (neighbour.heardAt >= since) return this.#watchSpeaker(neighbour, address)
      neighbour.withdraw(address)
      this.#port.hostsChanged()
    })
  }

  /**
   * L13: a way of several hops is not taken while another gateway has one. The Go router takes whoever sends it a packet for a
   * neighbour, and would make gateways of all that are near it.
   */
  #isDeclined(neighbour: PlainNeighbour, destination: string, cost: number): boolean {
    return (
      cost > 1 &&
      neighbour.hopsTo(destination) === undefined &&
      !this.#neighbours.toward(destination) &&
      this.#port.wayTo(destination) === 'lease'
    )
  }

  #withdrawn(neighbour: PlainNeighbour, destination: string): void {
    this.#ask(neighbour, askAfterMs)
    // A neighbour that is heard saying so is there: some stacks withdraw themselves when another of their links ends.
    if (destination === neighbour.address) return
    const host = neighbour.host(destination)
    if (!neighbour.withdraw(destination)) return
    if (host) this.bequeath(host)
    // It has forgotten the way that it had; ours, if there is one, it hears when the withdrawal has passed.
    if (this.#neighbours.toward(destination) || this.#port.wayTo(destination) !== 'none') this.#teller.forgot(neighbour, destination)
    this.#port.hostsChanged()
  }

  /** Two links under one name, here or at another gateway: the older one may be dead without knowing it. Every stack answers a query. */
  #doubt(neighbour: PlainNeighbour): void {
    const { clock } = this.#port
    const since = clock.now()
    neighbour.link.sendPlain([{ netState: netStates.query }])
    this.#neighbours.after(neighbour, doubtMs, () => {
      if (neighbour.heard && neighbour.heardAt < since) neighbour.link.close('silent, and another link has its name')
    })
  }

  #ask(neighbour: PlainNeighbour, delayMs: number): void {
    if (neighbour.cancelQuery) return
    const { clock } = this.#port
    const now = clock.now()
    const at = Math.max(now + delayMs, neighbour.queriedAt + askEveryMs)
    neighbour.cancelQuery = this.#neighbours.after(neighbour, at - now, () => {
      neighbour.cancelQuery = undefined
      neighbour.queriedAt = clock.now()
      if (!neighbour.link.plainFull) neighbour.link.sendPlain([{ netState: netStates.query }])
    })
  }

  #mayClaim(address: string, neighbour: PlainNeighbour, cost?: number): boolean {
    if (!isMemberForm(address) && address.length <= addressBytesMax) return true
    // Words of ours come back through plain nodes, and who has two gateways tells each of the other: claiming to be nobody, it is no fraud.
    const passedOn = cost === undefined ? neighbour.told.has(address) || this.#port.wayTo(address) === 'native' : cost !== 1
    if (passedOn) return false
    this.#port.fault('SPOOFED', `${neighbour.link.channel.label} advertised ${address.slice(0, 40)}`)
    neighbour.link.admits(address)
    return false
  }

  #name(neighbour: PlainNeighbour, source: string | undefined): void {
    if (!source || isMemberForm(source) || source === this.#port.address) return
    neighbour.heard = true
    if (neighbour.address === source) return
    neighbour.address = source
    neighbour.tellFrom = 0
    // Who has just come is there: in doubt are the links that it had.
    if (this.#port.isShared(source, 1)) neighbour.shared = new Set([source])
    neighbour.link.namePlain(source)
    if (this.#neighbours.returns(source)) this.#lostWays.tellAnew(neighbour)
    for (const other of this.#neighbours.all()) if (other !== neighbour && other.address === source) this.#doubt(other)
    this.#teller.changed()
  }
}
