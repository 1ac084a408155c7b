// What plain neighbours are told: the difference between what they were told and what they may see now. Never a route to
// themselves (L1), never what they reach themselves (L4), never that something got worse, which no plain stack would take
// (L9); each service at most once a second (L10).

import type { ServiceAdvert } from '../identity/member-record.ts'
import type { Link } from '../link/link.ts'
import { netStates, type Packet } from '../wire/packet.ts'
import { writeOrder } from './origin-order.ts'
import type { PlainEdgePort, VisibleHost } from './plain-edge-port.ts'
import type { PlainNeighbour, Told } from './plain-neighbour.ts'
import type { PlainNeighbours } from './plain-neighbours.ts'
import { isTellable, routeWord, serviceWord, toldCost, toldLoad } from './plain-words.ts'

/** Changes toward plain neighbours are told together. */
const tellEveryMs = 20
/** L7, L8: what a neighbour has forgotten it hears again after this time; its withdrawal must have passed by then. */
const ownAgainMs = 150
const nativeAgainMs = 250
const leaseAgainMs = 1_000
const againEveryMs = 1_000
const serviceEveryMs = 1_000
/** A neighbour says its name in answer to our greeting; before, it could be told of itself. Some never say one. */
const namedWithinMs = 300
/** Early adverts are lost by some stacks (a start-up race), so they are told a few times. */
const repeatsMs = [1_000, 3_000, 10_000] as const
/** L11: what a neighbour lost without a word, it hears again. */
export const refreshEveryMs = 30_000
/** A neighbour that has not taken yet what it was sent is asked again so often. */
const fullAgainMs = 1_000
/** What a neighbour has just been told may still be under way when it withdraws it. */
const crossingMs = 1_000
/** Between the withdrawal of a host and what is left of it. */
const betweenMs = 50

/** `anew`: withdrawn first, so that it takes the place of whatever the neighbour believes in. */
type Extent = 'difference' | 'everything' | 'anew'

export class PlainTeller {
  readonly #port: PlainEdgePort
  readonly #neighbours: PlainNeighbours
  readonly #review: () => void
  /** Own services as new links were greeted with them, until it shows who is there. */
  readonly #greeted = new WeakMap<Link, readonly ServiceAdvert[]>()
  #cancelTell: (() => void) | undefined
  #order: number
  #ownBefore = ''

  /** `review`: called before everybody is told what has changed. */
  constructor(port: PlainEdgePort, neighbours: PlainNeighbours, review: () => void) {
    this.#port = port
    this.#neighbours = neighbours
    this.#review = review
    this.#order = port.epoch * 65_536
  }

  /** What may be said before anything is known of the neighbour: ROUTE self, own services. */
  greeting(link: Link): Packet[] {
    const services = this.#port.ownServices()
    this.#greeted.set(link, services)
    return this.#ownWords(services)
  }

  join(neighbour: PlainNeighbour): void {
    const { address, clock } = this.#port
    const now = clock.now()
    // What it was greeted with may be gone by now, and what it missed is told again.
    const missed = { load: 0, at: Number.NEGATIVE_INFINITY }
    const services = new Map(this.#greeted.get(neighbour.link)?.map(({ service }) => [service, missed]))
    neighbour.told.set(address, {
      cost: Number.POSITIVE_INFINITY,
      at: now,
      removedAt: Number.NEGATIVE_INFINITY,
      forgotten: false,
      services,
    })
    neighbour.tellFrom = now + namedWithinMs
    this.#wake(neighbour, neighbour.tellFrom)
    for (const delayMs of repeatsMs) this.#neighbours.after(neighbour, delayMs, () => this.#repeat(neighbour))
    this.#neighbours.after(neighbour, refreshEveryMs, () => this.#refresh(neighbour))
  }

  /** What plain neighbours may see has changed. */
  changed(): void {
    if (this.#neighbours.size === 0) return
    this.#cancelTell ??= this.#port.clock.setTimer(tellEveryMs, () => {
      this.#cancelTell = undefined
      this.#review()
      for (const neighbour of this.#neighbours.all()) this.tell(neighbour)
    })
  }

  /** A plain stack drops its answer when it has no route to the source: adverts that still wait go before the packet. */
  tellBefore(neighbour: PlainNeighbour, source: string, now: number): void {
    const told = neighbour.told.get(source)
    if (told && isBetween(told, now)) told.removedAt = now - betweenMs
    else {
      const waits = this.#cancelTell !== undefined || now < neighbour.tellFrom
      if (!waits || told || neighbour.reaches(source)) return
    }
    neighbour.tellFrom = 0
    this.tell(neighbour)
  }

  /** It asked: it hears everything, also what it should know. */
  answer(neighbour: PlainNeighbour): void {
    this.#say(neighbour, this.#ownWords(this.#port.ownServices()))
    this.tell(neighbour, 'everything')
  }

  /** L7, L8: the neighbour withdrew this one: it has forgotten what it was told, whoever it was that wanted that. */
  forgot(neighbour: PlainNeighbour, destination: string): void {
    const now = this.#port.clock.now()
    const told = neighbour.told.get(destination)
    if (told) told.forgotten = now - told.at > crossingMs
    if (neighbour.held.has(destination)) return
    const until = Math.max(now + this.#againMs(destination), neighbour.quietUntil)
    neighbour.held.set(destination, until)
    this.#wake(neighbour, until)
  }

  /** The difference between what the neighbour was told and what it may see now. */
  tell(neighbour: PlainNeighbour, what: Extent = 'difference'): void {
    const now = this.#port.clock.now()
    if (now < neighbour.tellFrom) return this.#wake(neighbour, neighbour.tellFrom)
    // What it does not take would pile up here; later the difference is the same, or less.
    if (neighbour.link.plainFull) return this.#wake(neighbour, now + fullAgainMs)
    const words: Packet[] = []
    const present = new Set<string>()
    for (const host of this.#visible()) {
      if (host.address === neighbour.address || neighbour.reaches(host.address)) continue
      present.add(host.address)
      if (this.#isHeld(neighbour, host.address, now)) continue
      this.#tellHost(neighbour, host, words, what)
    }
    for (const [address, { forgotten }] of [...neighbour.told]) {
      if (present.has(address)) continue
      neighbour.told.delete(address)
      if (!forgotten) words.push(routeWord(this.#port.address, address, 0))
    }
    if (what === 'anew') this.#forgetStrays(neighbour, present, words)
    for (const [address, until] of neighbour.held) if (until <= now) neighbour.held.delete(address)
    this.#say(neighbour, words)
  }

  /** Before the links end: not every plain stack forgets what it learned from a link that closed. */
  farewell(): void {
    for (const neighbour of this.#neighbours.all()) {
      this.#say(
        neighbour,
        Array.from(neighbour.told.keys(), (address) => routeWord(this.#port.address, address, 0)),
      )
    }
  }

  stop(): void {
    this.#cancelTell?.()
  }

  #forgetStrays(neighbour: PlainNeighbour, present: ReadonlySet<string>, words: Packet[]): void {
    for (const address of neighbour.strays.keys())
      if (!present.has(address) && !neighbour.reaches(address)) words.push(routeWord(this.#port.address, address, 0))
    neighbour.strays.clear()
  }

  *#visible(): IterableIterator<VisibleHost> {
    const { address } = this.#port
    yield { address, hops: 0, services: this.#port.ownServices() }
    for (const host of this.#port.visible()) if (isTellable(host.address)) yield host
  }

  #isHeld(neighbour: PlainNeighbour, address: string, now: number): boolean {
    const until = neighbour.held.get(address)
    if (until === undefined) return false
    if (until > now) {
      this.#wake(neighbour, until)
      return true
    }
    neighbour.held.delete(address)
    neighbour.told.delete(address)
    neighbour.quietUntil = now + againEveryMs
    return false
  }

  #againMs(destination: string): number {
    if (destination === this.#port.address) return ownAgainMs
    return this.#port.wayTo(destination) === 'native' ? nativeAgainMs : leaseAgainMs
  }

  #tellHost(neighbour: PlainNeighbour, host: VisibleHost, words: Packet[], what: Extent): void {
    const now = this.#port.clock.now()
    const { address } = host
    const told = neighbour.told.get(address)
    const services = new Map(host.services.map(({ service, load }) => [service, toldLoad(load)]))
    const cost = toldCost(host.hops)
    const gone = told !== undefined && [...told.services.keys()].some((service) => !services.has(service))
    const removes = what === 'anew' || (gone && now - told.removedAt >= serviceEveryMs)
    if (removes) return this.#withdrawFirst(neighbour, address, words)
    if (gone) this.#wake(neighbour, told.removedAt + serviceEveryMs)
    if (told && isBetween(told, now)) return this.#wake(neighbour, told.removedAt + betweenMs)
    const again = told === undefined || what === 'everything'
    if (again || cost < told.cost) words.push(routeWord(this.#port.address, address, cost))
    const next: Told = {
      cost: again ? cost : Math.min(cost, told.cost),
      at: again || cost < told.cost ? now : told.at,
      removedAt: told?.removedAt ?? Number.NEGATIVE_INFINITY,
      forgotten: false,
      services: told?.services ?? new Map(),
    }
    neighbour.told.set(address, next)
    for (const [service, load] of services) this.#tellService(neighbour, { address, service, load }, next, words, what)
  }

  /**
   * A load of 0 would end the Python router. A withdrawn route takes its services with it, everywhere, and is told again after a
   * while: the Go router tells its app of each change in a thread of its own, the last one first when they come at once.
   */
  #withdrawFirst(neighbour: PlainNeighbour, address: string, words: Packet[]): void {
    const now = this.#port.clock.now()
    words.push(routeWord(this.#port.address, address, 0))
    neighbour.told.set(address, { cost: Number.POSITIVE_INFINITY, at: now, removedAt: now, forgotten: true, services: new Map() })
    this.#wake(neighbour, now + betweenMs)
  }

  #tellService(
    neighbour: PlainNeighbour,
    offer: { address: string; service: string; load: number },
    told: Told,
    words: Packet[],
    what: Extent,
  ): void {
    const now = this.#port.clock.now()
    const { address, service, load } = offer
    const known = told.services.get(service)
    if (known !== undefined && what === 'difference') {
      if (known.load === load) return
      if (now - known.at < serviceEveryMs) return this.#wake(neighbour, known.at + serviceEveryMs)
    }
    const word = serviceWord(address, { service, load }, address === this.#port.address ? writeOrder(this.#ownOrder()) : {})
    if (!word) return
    words.push(word)
    told.services.set(service, { load, at: now })
  }

  /** ROUTE self and own services. */
  #ownWords(services: readonly ServiceAdvert[]): Packet[] {
    const { address } = this.#port
    const order = writeOrder(this.#ownOrder())
    return [routeWord(address, address, 1), ...services.flatMap((service) => serviceWord(address, service, order) ?? [])]
  }

  /** L12: greater with each change of what this node offers. */
  #ownOrder(): number {
    const own = this.#port
      .ownServices()
      .map(({ service, load }) => `${service} ${load}`)
      .join()
    if (own !== this.#ownBefore) this.#order += 1
    this.#ownBefore = own
    return this.#order
  }

  #repeat(neighbour: PlainNeighbour): void {
    const query: Packet[] = neighbour.heard ? [] : [{ netState: netStates.query }]
    this.#say(neighbour, [...query, ...this.#ownWords(this.#port.ownServices())])
  }

  /**
   * L11. The Python router never has a WebSocket: on other links it may be the neighbour, whose writes lose bytes when they are
   * many, so that it hears of this node only.
   */
  #refresh(neighbour: PlainNeighbour): void {
    this.#neighbours.after(neighbour, refreshEveryMs, () => this.#refresh(neighbour))
    if (neighbour.link.plainFull) return
    if (neighbour.link.channel.carries === 'text') this.tell(neighbour, 'everything')
    else this.#repeat(neighbour)
  }

  #say(neighbour: PlainNeighbour, words: readonly Packet[]): void {
    neighbour.link.sendPlain(words)
  }

  /** Tells what is due at `at`. */
  #wake(neighbour: PlainNeighbour, at: number): void {
    if (at >= neighbour.wakesAt) return
    neighbour.cancelWake?.()
    neighbour.wakesAt = at
    neighbour.cancelWake = this.#neighbours.after(neighbour, Math.max(0, at - this.#port.clock.now()), () => {
      neighbour.wakesAt = Number.POSITIVE_INFINITY
      neighbour.cancelWake = undefined
      this.tell(neighbour)
    })
  }
}

/** It was withdrawn a moment ago, and will be told again. */
function isBetween({ removedAt, forgotten }: Told, now: number): boolean {
  return forgotten && now - removedAt < betweenMs
}
