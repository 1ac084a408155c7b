// The router of one node in one network: the ALN level of the API, and the wiring of what routing is made of. Links
// bring verified facts in order; the route exchange makes a table of them; the forwarder moves packets by it.

import { EventEmitter } from 'eventemitter3'
import type { Channel } from '../channel/channel.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { epochOf, type MemberRecord, type ServiceAdvert } from '../identity/member-record.ts'
import { Link } from '../link/link.ts'
import type { LinkOwner, ProvenRecord } from '../link/link-owner.ts'
import { PlainEdge, type VisibleHost } from '../plain-edge/plain-edge.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import { silentLog, type Log } from '../ports/log.ts'
import type { DecodedPacket, Packet } from '../wire/packet.ts'
import type { CapableIdentity } from './capable-identity.ts'
import { Dispatcher } from './dispatcher.ts'
import { Forwarder } from './forwarder.ts'
import { linkCost } from './link-cost.ts'
import { OwnRecord } from './own-record.ts'
import { Reachability } from './reachability.ts'
import { RouteExchange, type LinkNeighbour } from './route-exchange.ts'
import type { Arrival, Destination, PacketHandler, RouterEvents, ServiceRow } from './routing-types.ts'

export type { CapableIdentity } from './capable-identity.ts'
export type { Link as RouterLink, LinkPeer } from '../link/link.ts'

/** How often links are asked for signs of life. */
const tickEveryMs = 1_000

export interface RouterOptions {
  readonly clock: Clock
  readonly dice: Dice
  readonly log?: Log | undefined
  /** Whether plain ALN nodes may be neighbours. Default 'accept'. */
  readonly plainNodes?: 'accept' | 'refuse' | undefined
}

export class Router {
  readonly address: string
  readonly #identity: CapableIdentity
  readonly #clock: Clock
  readonly #log: Log
  readonly #plainNodes: 'accept' | 'refuse'
  readonly #events = new EventEmitter<RouterEvents>()
  readonly #faults = new Map<string, number>()
  readonly #links = new Set<Link>()
  readonly #neighbours = new Map<Link, LinkNeighbour>()
  readonly #owner: LinkOwner
  readonly #dispatcher: Dispatcher
  readonly #own: OwnRecord
  readonly #exchange: RouteExchange
  readonly #reachability: Reachability
  readonly #plainEdge: PlainEdge
  readonly #forwarder: Forwarder
  readonly #here: Arrival
  #cancelTick: (() => void) | undefined
  #closed = false

  constructor(identity: CapableIdentity, options: RouterOptions) {
    this.#identity = identity
    this.address = identity.address
    this.#clock = options.clock
    this.#log = options.log ?? silentLog
    this.#plainNodes = options.plainNodes ?? 'accept'
    this.#here = { via: this.address, hops: 0, verified: true, plain: false, broadcast: false }
    const fault = (code: string, message: string): void => this.#fault(code, message)
    this.#dispatcher = new Dispatcher(options.dice, (packet, error) => this.#handlerFailed(packet, error))
    this.#own = new OwnRecord(identity, options.clock, {
      contents: () => this.#contents(),
      changed: () => this.#exchange.ownChanged(),
      failed: (error) => fault('LINK_FAILED', `the member record cannot be signed: ${error instanceof Error ? error.message : String(error)}`),
    })
    this.#exchange = new RouteExchange(identity, options.clock, this.#own, {
      changed: (address) => this.#reachability.review(address),
      impostor: (seq48) => this.#impostor(seq48),
      fault,
    })
    this.#reachability = new Reachability(this.address, this.#exchange, {
      destination: (address, state) => this.#changed(() => this.#events.emit('destination', { address, state })),
      service: (change) => this.#changed(() => this.#events.emit('service', change)),
    })
    this.#plainEdge = new PlainEdge({
      address: this.address,
      clock: options.clock,
      ownServices: () => this.#ownServices().filter(({ plain }) => plain !== false),
      visible: () => this.#visible(),
      hostsChanged: () => this.#contentsChanged(),
      packet: (packet, from) => this.#fromPlain(packet, from),
      fault,
    })
    this.#forwarder = new Forwarder({
      address: this.address,
      epoch: identity.epoch,
      clock: options.clock,
      exchange: this.#exchange,
      reachability: this.#reachability,
      dispatcher: this.#dispatcher,
      plainEdge: this.#plainEdge,
      fault,
    })
    this.#owner = this.#linkOwner(options.dice)
  }

  /** Packets passed on for others so far. */
  get forwarded(): number {
    return this.#forwarder.forwarded
  }

  /** Survived faults by code. */
  get faults(): ReadonlyMap<string, number> {
    return this.#faults
  }

  /**
   * Undefined: it left, or is on its way to a local handler. A service without destination goes to every provider, a local
   * one included. An error only says that it did not leave; that it arrives is not promised.
   */
  send(packet: Packet): MeshError | undefined {
    if (this.#closed) return new MeshError('CLOSED', 'the router is closed')
    return this.#forwarder.originate({ ...packet, srcAddr: this.address }, this.#here)
  }

  /** To every member that can be reached; `service` names the handler there. Never comes back here. */
  flood(packet: Packet): void {
    if (!this.#closed) this.#forwarder.flood(packet)
  }

  /** Greets whoever is at the other end. `expect`: the only address that may answer. */
  addChannel(channel: Channel, options: { expect?: string | undefined } = {}): Link {
    const link = new Link(channel, this.#owner, options)
    if (this.#closed) {
      channel.close('the router is closed')
      return link
    }
    this.#links.add(link)
    link.open()
    this.#cancelTick ??= this.#clock.setTimer(tickEveryMs, () => this.#tick())
    return link
  }

  /** Names that begin with '$' are internal and never advertised. Throws INVALID_OPTION for a name that does not fit. */
  registerService(name: string, handler: PacketHandler, options: { load?: number | undefined; plain?: boolean | undefined } = {}): void {
    const internal = name.startsWith('$')
    this.#dispatcher.register(name, { handler, load: clampLoad(options.load ?? 1), plain: options.plain ?? !internal })
    if (!internal) this.#contentsChanged()
  }

  /** 1 (idle) … 127 (full). */
  setServiceLoad(name: string, load: number): void {
    const service = this.#dispatcher.services.get(name)
    if (!service || service.load === clampLoad(load)) return
    service.load = clampLoad(load)
    this.#contentsChanged()
  }

  unregisterService(name: string): void {
    if (this.#dispatcher.services.delete(name) && !name.startsWith('$')) this.#contentsChanged()
  }

  /** An id for `contextID`; replies to it reach the handler until `releaseContext`. `from`: only replies of that source. */
  registerContext(handler: PacketHandler, options: { from?: string | undefined } = {}): number {
    return this.#dispatcher.contexts.register(handler, options.from)
  }

  releaseContext(id: number): void {
    this.#dispatcher.contexts.release(id)
  }

  destination(address: string): Destination | undefined {
    return this.#reachability.destination(address)
  }

  destinations(): Destination[] {
    return this.#reachability.destinations()
  }

  /** A snapshot of who can be reached, and how. */
  routes(): Destination[] {
    return this.destinations()
  }

  services(name?: string): ServiceRow[] {
    return this.#reachability.services(name)
  }

  links(): readonly Link[] {
    return [...this.#links]
  }

  on<E extends keyof RouterEvents>(event: E, listener: (...args: RouterEvents[E]) => void): () => void {
    // The emitter's own types cannot follow an event name that is still a parameter.
    const emitter = this.#events as unknown as EventEmitter
    const untyped = listener as unknown as (...args: unknown[]) => void
    emitter.on(event, untyped)
    return () => emitter.off(event, untyped)
  }

  /** Tells the neighbours, then ends every link. Idempotent. */
  async close(notice?: { code: 'RESTARTING' | 'CLOSED'; text: string }): Promise<void> {
    if (this.#closed) return
    const downs = [...this.#links].map((link) => link.down)
    for (const link of [...this.#links]) link.close('closed', notice)
    this.#closed = true
    this.#cancelTick?.()
    this.#own.stop()
    this.#exchange.stop()
    this.#plainEdge.stop()
    await Promise.all(downs)
  }

  #linkOwner(dice: Dice): LinkOwner {
    const { crypto, exchangeKeys, network, address } = this.#identity
    return {
      identity: { crypto, exchangeKeys, network, address, record: () => this.#own.bytes() },
      clock: this.#clock,
      dice,
      log: this.#log,
      plainGreeting: () => (this.#plainNodes === 'accept' ? this.#plainEdge.greeting() : []),
      joined: (link, proof) => this.#joined(link, proof),
      plain: (link) => this.#plainJoined(link),
      upgraded: (link) => this.#plainEdge.leave(link),
      control: (link, message) => {
        const neighbour = this.#neighbours.get(link)
        if (message.type === 'notice') this.#noticed(link, message)
        else if (neighbour) this.#exchange.receive(neighbour, message)
      },
      records: (link, records) => {
        const neighbour = this.#neighbours.get(link)
        if (neighbour) this.#exchange.records(neighbour, records)
      },
      packet: (link, bytes) => {
        const neighbour = this.#neighbours.get(link)
        if (neighbour) this.#forwarder.passing(neighbour, bytes)
      },
      plainPacket: (link, packet) => this.#plainEdge.receive(link, packet),
      closed: (link) => this.#linkClosed(link),
      fault: (code, message) => this.#fault(code, message),
    }
  }

  #joined(link: Link, proof: ProvenRecord): MeshError | undefined {
    const { record } = proof
    for (const [other, { proof: known }] of this.#neighbours) {
      if (known.record.address !== record.address || sameProcess(known.record, record)) continue
      // Two processes under one address. Of a member the later life stands (a page that was reloaded) and the other hears
      // why; of a free-form name, which anybody may take, the first one.
      const later = record.kind !== 'named' && epochOf(record.seq48) > epochOf(known.record.seq48)
      if (!later) return new MeshError('IDENTITY_IN_USE', `${record.address} is here already`)
      other.close('a later life of the same address joined', { code: 'IDENTITY_IN_USE', text: `another process joined as ${record.address}` })
    }
    const kind = record.kind === 'relay' ? 'relay' : record.kind === 'named' ? 'plain' : 'member'
    const neighbour: LinkNeighbour = { link, address: record.address, cost: linkCost(link.channel.medium), kind, proof }
    this.#neighbours.set(link, neighbour)
    this.#log.write(4, 'link', `joined ${record.address} over ${link.channel.label}`)
    this.#exchange.join(neighbour, proof)
    return undefined
  }

  #plainJoined(link: Link): MeshError | undefined {
    if (this.#plainNodes === 'refuse') return new MeshError('PLAIN_REFUSED', 'plain ALN nodes are not accepted here')
    this.#log.write(4, 'link', `a plain node at ${link.channel.label}`)
    this.#plainEdge.join(link)
    return undefined
  }

  #linkClosed(link: Link): void {
    this.#links.delete(link)
    this.#plainEdge.leave(link)
    const neighbour = this.#neighbours.get(link)
    if (!neighbour) return
    this.#neighbours.delete(link)
    this.#log.write(4, 'link', `lost ${neighbour.address} over ${link.channel.label}`)
    this.#exchange.leave(neighbour)
  }

  #noticed(link: Link, notice: { code: string; text: string }): void {
    this.#events.emit('notice', { code: notice.code, text: notice.text, from: link.peer?.address ?? '' })
  }

  /** A packet from a plain neighbour: for this node, for another, or for whoever offers its service. */
  #fromPlain(packet: DecodedPacket, from: string): void {
    const arrival: Arrival = { via: from, hops: 1, verified: false, plain: true, broadcast: false }
    if (packet.destAddr === this.address) {
      const code = this.#dispatcher.deliver(packet, arrival)
      if (code) this.#forwarder.error(packet, code, packet.service ?? '')
      return
    }
    if (!packet.destAddr && !packet.service) return
    const error = this.#forwarder.originate(packet, arrival)
    if (error) this.#forwarder.error(packet, error.code, error.message)
  }

  #handlerFailed(packet: DecodedPacket, error: unknown): void {
    const text = error instanceof Error ? error.message : String(error)
    this.#fault('HANDLER_FAILED', `a handler of ${packet.service ?? `context ${packet.contextID}`} failed: ${text}`)
    this.#forwarder.error(packet, 'HANDLER_FAILED', text.slice(0, 200))
  }

  #ownServices(): ServiceAdvert[] {
    const adverts: ServiceAdvert[] = []
    for (const [service, { load, plain }] of this.#dispatcher.services) {
      if (!service.startsWith('$')) adverts.push(plain ? { service, load } : { service, load, plain })
    }
    return adverts
  }

  #contents(): { services: ServiceAdvert[]; plainHosts: ReturnType<PlainEdge['hosts']> } {
    return { services: this.#ownServices(), plainHosts: this.#plainEdge.hosts() }
  }

  /** What this node says of itself changed: at once for everybody here, with the next signature for everybody else. */
  #contentsChanged(): void {
    if (this.#closed) return
    const { services, plainHosts } = this.#contents()
    this.#reachability.reviewOwn(services, plainHosts)
    this.#plainEdge.changed()
    this.#own.touch()
  }

  /** An earlier life of this node ran ahead, or somebody copied its key. */
  #impostor(seq48: number): void {
    this.#fault('IDENTITY_IN_USE', `somebody signs as ${this.address} under a greater number`)
    this.#own.raise(seq48 + 1, true)
  }

  *#visible(): IterableIterator<VisibleHost> {
    for (const { address, hops, kind } of this.#reachability.destinations()) {
      if (kind === 'relay') continue
      yield { address, hops, services: this.#reachability.plainServicesOf(address) }
    }
  }

  #changed(emit: () => void): void {
    this.#plainEdge.changed()
    emit()
  }

  #fault(code: string, message: string): void {
    const count = (this.#faults.get(code) ?? 0) + 1
    this.#faults.set(code, count)
    this.#log.write(3, 'routing', `${code}: ${message}`)
    this.#events.emit('fault', { code, message, count })
  }

  #tick(): void {
    const now = this.#clock.now()
    for (const link of [...this.#links]) link.tick(now)
    this.#exchange.tick(now)
    this.#cancelTick = this.#links.size > 0 ? this.#clock.setTimer(tickEveryMs, () => this.#tick()) : undefined
  }
}

/** The X25519 key is drawn at the start of a process and never stored. */
function sameProcess(a: MemberRecord, b: MemberRecord): boolean {
  return a.exchangeKey.every((byte, index) => byte === b.exchangeKey[index])
}

function clampLoad(load: number): number {
  return Math.min(127, Math.max(1, Math.round(load)))
}
