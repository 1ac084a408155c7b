// The router of one node in one network: the ALN level of the API, and the wiring of what routing is made of. Links
// bring verified facts in order; the route exchange makes a table of them; the forwarder moves packets by it.

import { MemoryBudget, memberHeldBytesMax, relayHeldBytesMax } from '../bytes/memory-budget.ts'
import type { Channel } from '../channel/channel.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { epochOf, type ServiceAdvert } from '../identity/member-record.ts'
import type { Receipt } from '../identity/receipt-proof.ts'
import { isKeyed } from '../identity/wire-network.ts'
import type { ClockQuestion } from '../gossip/doubted-dates.ts'
import { Gossip, type SayOptions } from '../gossip/gossip.ts'
import type { LinkOptions } from '../link/link-options.ts'
import type { Link } from '../link/link.ts'
import { PlainEdge } from '../plain-edge/plain-edge.ts'
import type { Clock } from '../ports/clock.ts'
import type { Awaitable } from '../ports/crypto.ts'
import type { Dice } from '../ports/dice.ts'
import { silentLog, type Log } from '../ports/log.ts'
import type { BroadcastId, BroadcastRows } from '../wire/gossip-control.ts'
import { netStates, type DecodedPacket, type Packet } from '../wire/packet.ts'
import { Announcements } from './announcements.ts'
import type { CapableIdentity } from './capable-identity.ts'
import { contextsMax } from './contexts.ts'
import { Dispatcher, servicesMax } from './dispatcher.ts'
import { sessionService, type EndToEnd } from './end-to-end.ts'
import { Forwarder } from './forwarder.ts'
import type { LinkNeighbour } from './link-neighbour.ts'
import { Neighbourhood } from './neighbourhood.ts'
import { LiveOriginView, type OriginView } from './origin-view.ts'
import { OwnContents, wireLoad } from './own-contents.ts'
import { OwnRecord } from './own-record.ts'
import { Reachability } from './reachability.ts'
import { RouteExchange } from './route-exchange.ts'
import type { Arrival, Destination, PacketHandler, RouterEvents, ServiceRow } from './routing-types.ts'
import type { TableSize } from './table-sizes.ts'
import { WaitingPackets, waitingPacketsMax } from './waiting-packets.ts'

export type { CapableIdentity } from './capable-identity.ts'
export type { LinkPeer } from '../link/link-peer.ts'
export type { Link as RouterLink } from '../link/link.ts'

export interface RouterOptions {
  readonly clock: Clock
  readonly dice: Dice
  readonly log?: Log | undefined
  /** Whether plain ALN nodes may be neighbours. Default 'accept'. */
  readonly plainNodes?: 'accept' | 'refuse' | undefined
  /** It never carries anything for others, whatever its links are. Default false. */
  readonly leaf?: boolean | undefined
  /**
   * What happens when another process with this address and this key has signed a greater number. `outbid` (the default): a greater one
   * still, which a process needs whose clock went back. `yield`: nothing but the event `contested`, and `readdress` is expected.
   */
  readonly contested?: 'outbid' | 'yield' | undefined
  /** What neighbours may make this node hold. Default: one of its own, of `memberHeldBytesMax`. */
  readonly memory?: MemoryBudget | undefined
}

export class Router {
  /** The network has a key. */
  readonly keyed: boolean
  readonly memory: MemoryBudget
  readonly #announcements: Announcements
  readonly #dispatcher: Dispatcher
  readonly #options: RouterOptions
  // What belongs to one address.
  #address!: string
  #neighbourhood!: Neighbourhood
  #own!: OwnRecord
  #contents!: OwnContents
  #exchange!: RouteExchange
  #reachability!: Reachability
  #plainEdge!: PlainEdge
  #forwarder!: Forwarder
  #gossip!: Gossip<LinkNeighbour>
  /** Broadcasts whose origin is not proven yet. */
  #unproven!: WaitingPackets
  #here!: Arrival
  #clockQuestion: ClockQuestion | undefined
  #takeReceipt: ((receipt: Receipt) => void) | undefined
  #closed = false

  constructor(identity: CapableIdentity, options: RouterOptions) {
    this.#options = options
    this.keyed = isKeyed(identity.network)
    this.memory = options.memory ?? new MemoryBudget(identity.kind === 'relay' ? relayHeldBytesMax : memberHeldBytesMax)
    if (this.keyed && identity.kind !== 'relay' && !identity.keyring) {
      throw new MeshError('INVALID_OPTION', 'a member of a network with a key needs the key')
    }
    this.#announcements = new Announcements(options.log ?? silentLog)
    this.#dispatcher = new Dispatcher(options.dice, (packet, error) => this.#handlerFailed(packet, error))
    this.#assemble(identity, options)
  }

  /** Full; another one after `readdress`. */
  get address(): string {
    return this.#address
  }

  #assemble(identity: CapableIdentity, options: RouterOptions): void {
    this.#address = identity.address
    const log = options.log ?? silentLog
    this.#here = { via: this.address, hops: 0, verified: true, plain: false, broadcast: false }
    const { events } = this.#announcements
    const fault = (code: string, message: string): void => this.#announcements.fault(code, message)
    this.#own = new OwnRecord(identity, options.clock, {
      contents: () => this.#contents.now(),
      changed: ({ record }) => {
        this.#contents.told(record)
        this.#exchange.ownChanged()
      },
      yields: options.contested === 'yield',
      failed: (error) => fault('LINK_FAILED', `the member record cannot be signed: ${error instanceof Error ? error.message : String(error)}`),
    })
    this.#contents = new OwnContents(options.clock, this.#dispatcher.services, {
      plainHosts: () => this.#plainEdge.hosts(),
      review: ({ services, plainHosts }) => this.#reachability.reviewOwn(services, plainHosts),
      tell: () => {
        this.#plainEdge.changed()
        this.#own.touch()
      },
    })
    this.#exchange = new RouteExchange(identity, options.clock, this.#own, {
      changed: (address) => {
        this.#reachability.review(address)
        this.#forwarder.routeChanged(address)
        this.#unproven.routed(address)
      },
      keptRecord: (address) => this.#gossip.record(address),
      contested: () => events.emit('contested'),
      fault,
    }, options.leaf)
    this.#reachability = new Reachability(this.address, this.#exchange, {
      now: () => options.clock.now(),
      destination: (address, state) => this.#changed(() => events.emit('destination', { address, state })),
      service: (change) => this.#changed(() => events.emit('service', change)),
      isProven: (record) => this.#forwarder.endToEnd?.isProven(record) === true,
      isSilent: (address) => this.#forwarder.endToEnd?.isSilent(address) === true,
    })
    this.#plainEdge = new PlainEdge({
      address: this.address,
      epoch: identity.epoch,
      clock: options.clock,
      ownServices: () => this.#contents.services().filter(({ plain }) => plain !== false),
      visible: () => this.#reachability.visibleToPlain(),
      wayTo: (address) => this.#reachability.wayTo(address),
      hostsChanged: () => {
        this.#contents.changed()
        this.#plainEdge.changed()
      },
      packet: (packet, from, link) => this.#fromPlain(packet, from, link),
      fault,
    })
    this.#unproven = new WaitingPackets(options.clock)
    this.#gossip = this.#newGossip(identity, options)
    this.#forwarder = new Forwarder({
      address: this.address,
      keyed: this.keyed,
      clock: options.clock,
      exchange: this.#exchange,
      reachability: this.#reachability,
      dispatcher: this.#dispatcher,
      broadcasts: this.#gossip,
      plainEdge: this.#plainEdge,
      fault,
    })
    this.#neighbourhood = new Neighbourhood({
      identity,
      memory: this.memory,
      clock: options.clock,
      dice: options.dice,
      log,
      plainNodes: options.plainNodes ?? 'accept',
      exchange: this.#exchange,
      forwarder: this.#forwarder,
      plainEdge: this.#plainEdge,
      gossip: this.#gossip,
      record: () => this.#own.bytes(),
      noticed: (notice) => events.emit('notice', notice),
      lost: (address) => events.emit('lost', { address }),
      fault,
    })
  }

  /** Packets passed on for others so far. */
  get forwarded(): number {
    return this.#forwarder.forwarded
  }

  /** Survived faults by code. */
  get faults(): ReadonlyMap<string, number> {
    return this.#announcements.faults
  }

  /**
   * Undefined: it left, or is on its way to a local handler. A service without destination goes to every provider, a local
   * one included. An error only says that it did not leave; that it arrives is not promised. `hopLimit`: the links that it
   * may cross, 1 … 32; the node where they end answers HOP_LIMIT.
   */
  send(packet: Packet, { hopLimit }: { hopLimit?: number | undefined } = {}): MeshError | undefined {
    if (this.#closed) return new MeshError('CLOSED', 'the router is closed')
    return this.#forwarder.originate({ ...packet, srcAddr: this.address }, this.#here, { hopLimit })
  }

  /**
   * To a member, or to oneself: resolves when the library there has it. Rejects with NO_ROUTE, QUEUE_FULL, BUSY, TIMEOUT, CLOSED or
   * TOO_LARGE when it certainly has not, and with OUTCOME_UNKNOWN when nobody can say.
   */
  deliver(packet: Packet & { readonly destAddr: string }): Promise<void> {
    if (this.#closed) return Promise.reject(new MeshError('CLOSED', 'the router is closed'))
    return this.#forwarder.deliver({ ...packet, srcAddr: this.address }, packet.destAddr)
  }

  /** From now on what this node has for other members goes through `endToEnd`, and what they say outside of it is dropped and counted. */
  seal(endToEnd: EndToEnd): void {
    this.#forwarder.endToEnd = endToEnd
  }

  /** What this address says counts only when it comes by `deliverSealed`. */
  seals(address: string): boolean {
    return this.#forwarder.isSealed(address)
  }

  /** What is sent there leaves at once, and does not have to wait for a handshake with its destination. */
  isOpenTo(address: string): boolean {
    return !this.seals(address) || this.#forwarder.endToEnd?.isOpen(address) === true
  }

  /** Asks it for a session, to know whether it is there. `destination` tells. */
  probe(address: string): void {
    if (!this.#closed && this.seals(address)) this.#forwarder.endToEnd?.probe(address)
  }

  /** Sessions know better now whether that one is there. */
  proofChanged(address: string): void {
    if (!this.#closed) this.#reachability.proofChanged(address)
  }

  /** A packet out of a session. Undefined: somebody took it. */
  deliverSealed(packet: DecodedPacket, arrival: Arrival): 'NO_SERVICE' | 'NO_HANDLER' | undefined {
    return this.#closed || packet.service === sessionService ? undefined : this.#dispatcher.deliver(packet, arrival)
  }

  /** The signed record of this node as it is now. */
  record(): Awaitable<Uint8Array> {
    return this.#own.bytes()
  }

  /** Something hostile, odd or failed that was survived above: counted as those of routing are. */
  fault(code: string, message: string): void {
    this.#announcements.fault(code, message)
  }

  /** To every member that can be reached; `service` names the handler there. Never comes back here. */
  flood(packet: Packet): Awaitable<MeshError | undefined> {
    const said = this.say(packet)
    const errorOf = (answer: BroadcastId | MeshError): MeshError | undefined => (answer instanceof MeshError ? answer : undefined)
    return said instanceof Promise ? said.then(errorOf) : errorOf(said)
  }

  /** As `flood`; gives the id under which it is known everywhere. */
  say(packet: Packet, options: SayOptions = {}): Awaitable<BroadcastId | MeshError> {
    return this.#closed ? new MeshError('CLOSED', 'the router is closed') : this.#gossip.say(packet, options)
  }

  /** Which broadcasts were delivered here, of those that may still come again. */
  deliveredBroadcasts(): BroadcastRows[] {
    return this.#gossip.delivered()
  }

  /** As `deliveredBroadcasts` of an earlier process of this address: they are not delivered again. */
  recallBroadcasts(rows: readonly BroadcastRows[]): void {
    this.#gossip.recall(rows)
  }

  /** Tells the origin of broadcasts that this node has them. */
  acknowledge(rows: BroadcastRows): void {
    if (!this.#closed) this.#gossip.acknowledge(rows)
  }

  /** How a member is asked what its clock shows, when something that it says to all seems to be of another time. */
  askClocks(question: ClockQuestion): void {
    this.#clockQuestion = question
    this.#gossip.askClocks(question)
  }

  /** `take` hears of receipts for what this node said; each is proven. */
  takeReceipts(take: (receipt: Receipt) => void): void {
    this.#takeReceipt = take
  }

  /** Greets whoever is at the other end. `expect`: the only address that may answer; `admit`: what a plain node may claim. */
  addChannel(channel: Channel, options: LinkOptions = {}): Link {
    return this.#neighbourhood.greet(channel, options)
  }

  /** What can be reached through a plain neighbour, itself included, the nearest first. */
  addressesBehind(link: Link): string[] {
    return this.#plainEdge.addressesBehind(link)
  }

  /** Names that begin with '$' are internal and never advertised. Throws INVALID_OPTION for a name that does not fit. */
  registerService(name: string, handler: PacketHandler, options: { load?: number | undefined; plain?: boolean | undefined } = {}): void {
    const internal = name.startsWith('$')
    this.#dispatcher.register(name, { handler, load: wireLoad(options.load ?? 1), plain: options.plain ?? !(internal || this.keyed) })
    if (!internal) this.#contents.changed()
  }

  /** 1 (idle) … 127 (full). A small change is told to others within 10 s, with whatever else there is by then; a large one soon. */
  setServiceLoad(name: string, load: number): void {
    this.#contents.setLoad(name, load)
  }

  unregisterService(name: string): void {
    if (this.#dispatcher.services.delete(name) && !name.startsWith('$')) this.#contents.changed()
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
    return [...this.#reachability.destinations()]
  }

  /** A snapshot of who can be reached, and how. */
  routes(): Destination[] {
    return this.destinations()
  }

  /** The rows of `routes()` one by one, without the first `skip`; to be read in one turn. */
  eachRoute(skip = 0): IterableIterator<Destination> {
    return this.#reachability.destinations(skip)
  }

  /** How many rows `routes()` has. */
  get routeCount(): number {
    return this.#reachability.size
  }

  /** A live view of every origin that this node has a route to, or had until lately; `since`: only of those that changed after this `revision`. */
  *origins(since = -1): IterableIterator<OriginView> {
    for (const origin of this.#exchange.table.all()) if (origin.revision > since) yield new LiveOriginView(origin)
  }

  /** A live view of what is known of the ways to one node; undefined for an unknown one and for a plain host. */
  origin(address: string): OriginView | undefined {
    const origin = this.#exchange.table.get(address)
    return origin && new LiveOriginView(origin)
  }

  /** Grows with every change in `origins()`: the same number, nothing new to see. */
  get revision(): number {
    return this.#exchange.table.revision
  }

  /** How full the tables are that neighbours can fill. */
  /** What neighbours told is in the tables, and none of it waits for its proof. */
  get settled(): boolean {
    return this.#exchange.unproven === 0
  }

  sizes(): TableSize[] {
    return [
      ...this.#exchange.sizes(),
      { table: 'waiting packets', size: this.#forwarder.waiting, max: waitingPacketsMax },
      { table: 'contexts', size: this.#dispatcher.contexts.size, max: contextsMax },
      ...this.#gossip.sizes(),
      { table: 'services', size: this.#dispatcher.services.size, max: servicesMax },
    ]
  }

  /** A relay that knows members and services of which it did not tell this node; undefined: every one is known here. */
  get wiserRelay(): string | undefined {
    return this.#exchange.defaultRelay?.address
  }

  services(name?: string): ServiceRow[] {
    return this.#reachability.services(name)
  }

  /** What this node itself offers; without the internal ones. */
  ownServices(): readonly ServiceAdvert[] {
    return this.#contents.services()
  }

  links(): readonly Link[] {
    return this.#neighbourhood.links()
  }

  on<E extends keyof RouterEvents>(event: E, listener: (...args: RouterEvents[E]) => void): () => void {
    return this.#announcements.events.on(event, listener)
  }

  /** A hidden page or a metered line: others take better ways where they have them. */
  setReluctant(reluctant: boolean): void {
    this.#neighbourhood.setReluctant(reluctant)
  }

  /** Ends a link to a neighbour when both sides had time to find other ways. */
  retire(link: Link, detail: string): void {
    this.#neighbourhood.retire(link, detail)
  }

  /**
   * Asks each neighbour for all that it knows, which none has to be asked for: what they told is kept, and compared with every
   * sign of life. Gives how many were asked; 0 within 5 s of the last time.
   */
  refresh(): number {
    const asked = this.#exchange.refresh()
    return asked + this.#plainEdge.refresh()
  }

  /** Asks each neighbour whether it is there: where one link was lost, others may be lost with it. */
  probeLinks(): void {
    for (const link of this.links()) link.probe()
  }

  /** Tells everybody that this node goes. At once: to be called when a page is left. A node that stays takes another number. */
  leave(): void {
    this.#exchange.farewell()
  }

  /**
   * Goes on under another address, with another exchange key: another process has the one that it had. Every link ends, services and
   * contexts stay. Resolves when the last of the old links is down.
   */
  async readdress(identity: CapableIdentity): Promise<void> {
    if (this.#closed) return
    const before = this.#reachability
    const { endToEnd } = this.#forwarder
    const heard = this.deliveredBroadcasts()
    this.#plainEdge.farewell()
    // Nobody leaves: the address is there, and somebody else's.
    const down = this.#dismantle()
    this.#assemble(identity, this.#options)
    this.#forwarder.endToEnd = endToEnd
    this.recallBroadcasts(heard)
    before.forgetAll()
    this.#contents.changed()
    await down
  }

  /** Tells the neighbours, then ends every link. Idempotent. */
  async close(notice?: { code: 'RESTARTING' | 'CLOSED'; text: string }): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#plainEdge.farewell()
    this.leave()
    await this.#dismantle(notice)
  }

  #dismantle(notice?: { code: 'RESTARTING' | 'CLOSED'; text: string }): Promise<void> {
    const down = this.#neighbourhood.close(notice)
    this.#contents.stop()
    this.#own.stop()
    this.#exchange.stop()
    this.#plainEdge.stop()
    this.#forwarder.stop()
    this.#unproven.stop()
    this.#gossip.stop()
    return down
  }

  #newGossip(identity: CapableIdentity, { clock, dice }: RouterOptions): Gossip<LinkNeighbour> {
    const exchange = this.#exchange
    const gossip = new Gossip<LinkNeighbour>({
      identity,
      clock,
      dice,
      port: {
        neighbours: () => exchange.neighbours(),
        epoch: () => epochOf(this.#own.seq48),
        passesOn: () => !exchange.isStub,
        record: (origin) => exchange.record(origin),
        whenProven: (origin, neighbour, { proven, giveUp }) => {
          if (!exchange.awaitsProof(origin)) exchange.borrow(neighbour, origin)
          if (!exchange.awaitsProof(origin) || !this.#unproven.keep(origin, proven, giveUp)) giveUp()
        },
        deliver: (packet, { id, via, hops }) => {
          this.#dispatcher.deliver(packet, { via, hops, verified: true, plain: false, broadcast: true, said: id })
        },
        nextHop: (address) => exchange.table.get(address)?.nextHop ?? exchange.defaultRelay,
        receipt: (receipt) => this.#takeReceipt?.(receipt),
        fault: (code, message) => this.#announcements.fault(code, message),
      },
    })
    if (this.#clockQuestion) gossip.askClocks(this.#clockQuestion)
    return gossip
  }

  /** A packet from a plain neighbour: for this node, for another, or for whoever offers its service. */
  #fromPlain(packet: DecodedPacket, from: string, link: Link): void {
    const arrival: Arrival = { via: from, hops: 1, verified: false, plain: true, broadcast: false }
    if (packet.destAddr === this.address) {
      if (!this.#forwarder.mayReply(packet, link)) return
      const code = this.#dispatcher.deliver(packet, arrival)
      if (!code) return
      link.wasted()
      this.#forwarder.error(packet, code, packet.service ?? '')
      return
    }
    if (!packet.destAddr && !packet.service) return
    const error = this.#forwarder.originate(packet, arrival, { from: link })
    if (!error) return
    link.wasted()
    this.#forwarder.error(packet, error.code, error.message)
  }

  #handlerFailed(packet: DecodedPacket, error: unknown): void {
    const text = error instanceof Error ? error.message : String(error)
    this.#announcements.fault('HANDLER_FAILED', `a handler of ${packet.service ?? `context ${packet.contextID}`} failed: ${text}`)
    const { srcAddr, contextID, netState } = packet
    const report = `HANDLER_FAILED ${text.slice(0, 200)}`
    if (!srcAddr || !this.seals(srcAddr)) this.#forwarder.error(packet, 'HANDLER_FAILED', text.slice(0, 200))
    else if (netState !== netStates.error) this.send({ netState: netStates.error, destAddr: srcAddr, contextID, data: report })
  }

  /** What happens while it closes is no news. */
  #changed(emit: () => void): void {
    if (this.#closed) return
    if (!this.#contents.reviewing) this.#plainEdge.changed()
    emit()
  }
}
