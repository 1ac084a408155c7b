// The router of one node in one network: the ALN level of the API. What it is made of is in router-rooms.ts; services,
// contexts and listeners stay when it goes on under another address.

import { describeThrown } from '../async/operations.ts'
import { MemoryBudget, memberHeldBytesMax, relayHeldBytesMax } from '../bytes/memory-budget.ts'
import type { Channel } from '../channel/channel.ts'
import { MeshError } from '../errors/mesh-error.ts'
import type { ServiceAdvert } from '../identity/member-record.ts'
import type { Receipt } from '../identity/receipt-proof.ts'
import { isKeyed } from '../identity/wire-network.ts'
import type { ClockQuestion } from '../gossip/doubted-dates.ts'
import type { SayOptions } from '../gossip/gossip.ts'
import type { LinkOptions } from '../link/link-options.ts'
import type { Link } from '../link/link.ts'
import type { Awaitable } from '../ports/crypto.ts'
import { silentLog } from '../ports/log.ts'
import type { BroadcastId, BroadcastRows } from '../wire/gossip-control.ts'
import { packetDataBytesMax } from '../wire/mesh-packet.ts'
import { netStates, type DecodedPacket, type Packet } from '../wire/packet.ts'
import { Announcements } from './announcements.ts'
import type { CapableIdentity } from './capable-identity.ts'
import { contextsMax } from './packets/contexts.ts'
import { Dispatcher, servicesMax } from './packets/dispatcher.ts'
import { sessionService, type EndToEnd } from './packets/end-to-end.ts'
import type { FarMember } from './far-members.ts'
import { LiveOriginView, type OriginView } from './origin-view.ts'
import { wireLoad } from './own-contents.ts'
import type { RouterOptions } from './router-options.ts'
import { RouterRooms } from './router-rooms.ts'
import type { Arrival, Destination, PacketHandler, RouterEvents, ServiceRow } from './routing-types.ts'
import type { TableSize } from './table/table-sizes.ts'
import { waitingPacketsMax } from './packets/waiting-packets.ts'

export type { CapableIdentity } from './capable-identity.ts'
export type { LinkPeer } from '../link/link-peer.ts'
export type { Link as RouterLink } from '../link/link.ts'
export type { RouterOptions } from './router-options.ts'

/** One node of one network, packet by packet. What `send` and `say` answer is an error, and not thrown; what neighbours do wrong is a `fault` event. */
export class Router {
  /** The network has a key. */
  readonly keyed: boolean
  readonly memory: MemoryBudget
  readonly #announcements: Announcements
  readonly #dispatcher: Dispatcher
  readonly #options: RouterOptions
  /** All that belongs to one address; another one after `readdress`. */
  #rooms: RouterRooms
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
    this.#rooms = this.#newRooms(identity)
  }

  /** Full; another one after `readdress`. */
  get address(): string {
    return this.#rooms.address
  }

  /** Packets passed on for others so far. */
  get forwarded(): number {
    return this.#rooms.forwarder.forwarded
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
  send(packet: Packet, options: { hopLimit?: number | undefined } = {}): MeshError | undefined {
    if (this.#closed) return new MeshError('CLOSED', 'the router is closed')
    return this.#rooms.originator.send(packet, options)
  }

  /**
   * To a member, or to oneself: resolves when the library there has it. Rejects with NO_ROUTE, QUEUE_FULL, BUSY, TIMEOUT, CLOSED or
   * TOO_LARGE when it certainly has not, and with OUTCOME_UNKNOWN when nobody can say.
   */
  deliver(packet: Packet & { readonly destAddr: string }): Promise<void> {
    if (this.#closed) return Promise.reject(new MeshError('CLOSED', 'the router is closed'))
    return this.#rooms.originator.deliver(packet)
  }

  /** From now on what this node has for other members goes through `endToEnd`, and what they say outside of it is dropped and counted. */
  seal(endToEnd: EndToEnd): void {
    this.#rooms.originator.endToEnd = endToEnd
  }

  /** What this address says counts only when it comes by `deliverSealed`. */
  seals(address: string): boolean {
    return this.#rooms.originator.isSealed(address)
  }

  /** What is sent there leaves at once, and does not have to wait for a handshake with its destination. */
  isOpenTo(address: string): boolean {
    return !this.seals(address) || this.#rooms.originator.endToEnd?.isOpen(address) === true
  }

  /** Asks it for a session, to know whether it is there. `destination` tells. */
  probe(address: string): void {
    if (!this.#closed && this.seals(address)) this.#rooms.originator.endToEnd?.probe(address)
  }

  /** Sessions know better now whether that one is there. */
  proofChanged(address: string): void {
    if (!this.#closed) this.#rooms.reachability.proofChanged(address)
  }

  /** A packet out of a session. Undefined: somebody took it. */
  deliverSealed(packet: DecodedPacket, arrival: Arrival): 'NO_SERVICE' | 'NO_HANDLER' | undefined {
    return this.#closed || packet.service === sessionService ? undefined : this.#dispatcher.deliver(packet, arrival)
  }

  /** The signed record of this node as it is now. */
  record(): Awaitable<Uint8Array> {
    return this.#rooms.own.bytes()
  }

  /** Something hostile, odd or failed that was survived above: counted as those of routing are. */
  fault(code: string, message: string): void {
    this.#announcements.fault(code, message)
  }

  /**
   * To every member that can be reached; `service` names the handler there. Never comes back here. Gives the id under which it is
   * known everywhere, or why it did not leave.
   */
  say(packet: Packet, options: SayOptions = {}): Awaitable<BroadcastId | MeshError> {
    return this.#closed ? new MeshError('CLOSED', 'the router is closed') : this.#rooms.gossip.say(packet, options)
  }

  /** Which broadcasts were delivered here, of those that may still come again. */
  deliveredBroadcasts(): BroadcastRows[] {
    return this.#rooms.gossip.delivered()
  }

  /** As `deliveredBroadcasts` of an earlier process of this address: they are not delivered again. */
  recallBroadcasts(rows: readonly BroadcastRows[]): void {
    this.#rooms.gossip.recall(rows)
  }

  /** Tells the origin of broadcasts that this node has them. */
  acknowledge(rows: BroadcastRows): void {
    if (!this.#closed) this.#rooms.gossip.acknowledge(rows)
  }

  /** How a member is asked what its clock shows, when something that it says to all seems to be of another time. */
  askClocks(question: ClockQuestion): void {
    this.#clockQuestion = question
    this.#rooms.gossip.askClocks(question)
  }

  /** `take` hears of receipts for what this node said; each is proven. */
  takeReceipts(take: (receipt: Receipt) => void): void {
    this.#takeReceipt = take
  }

  /** Greets whoever is at the other end. `expect`: the only address that may answer; `admit`: what a plain node may claim. */
  addChannel(channel: Channel, options: LinkOptions = {}): Link {
    return this.#rooms.neighbourhood.greet(channel, options)
  }

  /** What can be reached through a plain neighbour, itself included, the nearest first. */
  addressesBehind(link: Link): string[] {
    return this.#rooms.plainSide.edge?.addressesBehind(link) ?? []
  }

  /** Names that begin with '$' are internal and never advertised. Throws INVALID_OPTION for a name that does not fit. */
  registerService(name: string, handler: PacketHandler, options: { load?: number | undefined; plain?: boolean | undefined } = {}): void {
    const internal = name.startsWith('$')
    this.#dispatcher.register(name, { handler, load: wireLoad(options.load ?? 1), plain: options.plain ?? !(internal || this.keyed) })
    if (!internal) this.#rooms.contents.changed()
  }

  /** 1 (idle) … 127 (full). A small change is told to others within 10 s, with whatever else there is by then; a large one soon. */
  setServiceLoad(name: string, load: number): void {
    this.#rooms.contents.setLoad(name, load)
  }

  unregisterService(name: string): void {
    if (this.#dispatcher.services.delete(name) && !name.startsWith('$')) this.#rooms.contents.changed()
  }

  /** An id for `contextID`; replies to it reach the handler until `releaseContext`. `from`: only replies of that source. */
  registerContext(handler: PacketHandler, options: { from?: string | undefined } = {}): number {
    return this.#dispatcher.contexts.register(handler, options.from)
  }

  releaseContext(id: number): void {
    this.#dispatcher.contexts.release(id)
  }

  destination(address: string): Destination | undefined {
    return this.#rooms.reachability.destination(address)
  }

  /** A snapshot of who can be reached, and how. */
  routes(): Destination[] {
    return [...this.#rooms.reachability.destinations()]
  }

  /** Data of one packet to it, in bytes: more than every link carries when it is a neighbour over a link that does. */
  packetDataBytesMax(address: string): number {
    const next = this.#rooms.exchange.table.get(address)?.nextHop
    return next?.address === address ? next.link.packetDataBytesMax : packetDataBytesMax
  }

  /** The rows of `routes()` one by one, without the first `skip`; to be read in one turn. */
  eachRoute(skip = 0): IterableIterator<Destination> {
    return this.#rooms.reachability.destinations(skip)
  }

  /** How many rows `routes()` has. */
  get destinationCount(): number {
    return this.#rooms.reachability.size
  }

  /** A live view of every origin that this node has a route to, or had until lately; `since`: only of those that changed after this `revision`. */
  *origins(since = -1): IterableIterator<OriginView> {
    for (const origin of this.#rooms.exchange.table.all()) if (origin.revision > since) yield new LiveOriginView(origin)
  }

  /** A live view of what is known of the ways to one node; undefined for an unknown one and for a plain host. */
  origin(address: string): OriginView | undefined {
    const origin = this.#rooms.exchange.table.get(address)
    return origin && new LiveOriginView(origin)
  }

  /** Grows with every change in `origins()`: the same number, nothing new to see. */
  get revision(): number {
    return this.#rooms.exchange.table.revision
  }

  /** What neighbours told is in the tables, and none of it waits for its proof. */
  get settled(): boolean {
    return this.#rooms.exchange.unproven === 0
  }

  /** How full the tables are that neighbours can fill. */
  sizes(): TableSize[] {
    return [
      ...this.#rooms.exchange.sizes(),
      { table: 'waiting packets', size: this.#rooms.waiting.size, max: waitingPacketsMax },
      { table: 'contexts', size: this.#dispatcher.contexts.size, max: contextsMax },
      ...this.#rooms.gossip.sizes(),
      { table: 'services', size: this.#dispatcher.services.size, max: servicesMax },
    ]
  }

  /** A relay that knows members and services of which it did not tell this node; undefined: every one is known here. */
  get wiserRelay(): string | undefined {
    return this.#rooms.exchange.defaultRelay?.address
  }

  /** What that relay says of a member that it did not tell of. True: `destination` answers for it, for a while; false: its record is asked for. */
  noteFar(member: FarMember): boolean {
    const { exchange, reachability } = this.#rooms
    reachability.noteFar(member)
    if (exchange.defaultRelay && !exchange.record(member.address)) exchange.borrow(exchange.defaultRelay, member.address)
    return this.destination(member.address) !== undefined
  }

  services(name?: string): ServiceRow[] {
    return this.#rooms.reachability.services(name)
  }

  /** What this node itself offers; without the internal ones. */
  ownServices(): readonly ServiceAdvert[] {
    return this.#rooms.contents.services()
  }

  links(): readonly Link[] {
    return this.#rooms.neighbourhood.links()
  }

  on<E extends keyof RouterEvents>(event: E, listener: (...args: RouterEvents[E]) => void): () => void {
    return this.#announcements.events.on(event, listener)
  }

  /** A hidden page or a metered line: others take better ways where they have them. */
  setReluctant(reluctant: boolean): void {
    this.#rooms.neighbourhood.setReluctant(reluctant)
  }

  /** Ends a link to a neighbour when both sides had time to find other ways. */
  retire(link: Link, detail: string): void {
    this.#rooms.neighbourhood.retire(link, detail)
  }

  /**
   * Asks each neighbour for all that it knows, which none has to be asked for: what they told is kept, and compared with every
   * sign of life. Gives how many were asked; 0 within 5 s of the last time.
   */
  refresh(): number {
    const asked = this.#rooms.exchange.refresh()
    return asked + (this.#rooms.plainSide.edge?.refresh() ?? 0)
  }

  /** Asks each neighbour whether it is there: where one link was lost, others may be lost with it. */
  probeLinks(): void {
    for (const link of this.links()) link.probe()
  }

  /** Tells everybody that this node goes. At once: to be called when a page is left. A node that stays takes another number. */
  leave(): void {
    this.#rooms.exchange.farewell()
  }

  /**
   * Goes on under another address, with another exchange key: another process has the one that it had. Every link ends, services and
   * contexts stay. Resolves when the last of the old links is down.
   */
  async readdress(identity: CapableIdentity): Promise<void> {
    if (this.#closed) return
    const before = this.#rooms
    const heard = this.deliveredBroadcasts()
    before.plainSide.edge?.farewell()
    // Nobody leaves: the address is there, and somebody else's.
    const down = before.close()
    this.#rooms = this.#newRooms(identity)
    this.#rooms.originator.endToEnd = before.originator.endToEnd
    if (this.#clockQuestion) this.#rooms.gossip.askClocks(this.#clockQuestion)
    this.recallBroadcasts(heard)
    before.reachability.forgetAll()
    this.#rooms.contents.changed()
    await down
  }

  /** Tells the neighbours, then ends every link. Idempotent. */
  async close(notice?: { code: 'RESTARTING' | 'CLOSED'; text: string }): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#rooms.plainSide.edge?.farewell()
    this.leave()
    await this.#rooms.close(notice)
  }

  #newRooms(identity: CapableIdentity): RouterRooms {
    return new RouterRooms(identity, this.#options, {
      keyed: this.keyed,
      memory: this.memory,
      announcements: this.#announcements,
      dispatcher: this.#dispatcher,
      receipt: (receipt) => this.#takeReceipt?.(receipt),
      isClosed: () => this.#closed,
    })
  }

  #handlerFailed(packet: DecodedPacket, error: unknown): void {
    const { service, srcAddr, contextID, netState } = packet
    const own = service?.startsWith('$') === true && error instanceof MeshError
    const text = own ? error.message : describeThrown(error)
    // The library's own services mean their codes.
    const code = own ? error.code : 'HANDLER_FAILED'
    this.#announcements.fault(code, `a handler of ${service ?? `context ${contextID}`} failed: ${text}`)
    const report = `${code} ${text.slice(0, 200)}`
    if (!srcAddr || !this.seals(srcAddr)) this.#rooms.originator.error(packet, code, text.slice(0, 200))
    else if (netState !== netStates.error) this.send({ netState: netStates.error, destAddr: srcAddr, contextID, data: report })
  }
}
