// Where a packet goes next. One path for all of them: what this node sends, what passes through, what a plain neighbour
// hands over. Only the header of a passing packet is read, and its bytes are copied once, into the frame it leaves in.

import { MeshError } from '../errors/mesh-error.ts'
import { isMemberForm } from '../identity/address.ts'
import type { Link } from '../link/link.ts'
import type { PlainEdge, PlainRefusal } from '../plain-edge/plain-edge.ts'
import type { Clock } from '../ports/clock.ts'
import { encodeMeshPacketHead, hopLimitStart, readMeshPacket, type MeshPacketHeader, type MeshPacketOptions } from '../wire/mesh-packet.ts'
import { netStates, type DecodedPacket, type Packet } from '../wire/packet.ts'
import { dataBytesMax, decodePacket, encodePacket } from '../wire/packet-codec.ts'
import { textBytes } from '../wire/text-cache.ts'
import { isWireFault, type WireFault } from '../wire/wire-fault.ts'
import type { Dispatcher } from './dispatcher.ts'
import { sessionService, type EndToEnd } from './end-to-end.ts'
import type { Reachability } from './reachability.ts'
import type { LinkNeighbour } from './link-neighbour.ts'
import type { RouteExchange } from './route-exchange.ts'
import { traceService, type Arrival } from './routing-types.ts'
import { PlainReplies } from './plain-replies.ts'
import { WaitingPackets } from './waiting-packets.ts'

/** What a plain node surely takes in one packet. */
export const plainBytesMax = 4_000
/** NET_ERRORs that one second of one neighbour's packets may cause. */
export const errorsPerSecondMax = 10
/** Hop limit and flags. */
const meshHeadBytes = 2

export interface ForwarderParts {
  readonly address: string
  /** The network has a key. */
  readonly keyed: boolean
  readonly clock: Clock
  readonly exchange: RouteExchange
  readonly reachability: Reachability
  readonly dispatcher: Dispatcher
  /** Takes what is said to all. */
  readonly broadcasts: { receive(neighbour: LinkNeighbour, header: MeshPacketHeader, bytes: Uint8Array): void }
  readonly plainEdge: PlainEdge
  fault(code: string, message: string): void
}

/** How a packet leaves that begins its way here. */
interface Leaving {
  /** The link of the plain node that said it. */
  readonly from?: Link | undefined
  /** Links that it may cross; default: the most. */
  readonly hopLimit?: number | undefined
  /** Not for a session: what a node on the way says to somebody that it has nothing to do with. */
  readonly open?: boolean | undefined
}

/** Why a packet of somebody else ends here. */
type ComplaintCode = 'NO_ROUTE' | 'HOP_LIMIT' | 'NO_SERVICE' | 'NO_HANDLER' | 'QUEUE_FULL' | 'TOO_LARGE'

export class Forwarder {
  readonly #parts: ForwarderParts
  readonly #errors = new Map<string, { second: number; count: number }>()
  readonly #waiting: WaitingPackets
  readonly #replies: PlainReplies
  #forwarded = 0
  /** Takes what this node has for other members; undefined: nobody seals here. */
  endToEnd: EndToEnd | undefined

  constructor(parts: ForwarderParts) {
    this.#parts = parts
    this.#waiting = new WaitingPackets(parts.clock)
    this.#replies = new PlainReplies({ ...parts, contexts: parts.dispatcher.contexts })
  }

  /** Packets that wait for the proof of their route. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Packets passed on for others so far. */
  get forwarded(): number {
    return this.#forwarded
  }

  /** A packet of this node's own, or of a plain node: `srcAddr` and one of `destAddr`, `service` are set. */
  originate(packet: Packet, arrival: Arrival, leaving: Leaving = {}): MeshError | undefined {
    try {
      return packet.destAddr ? this.#toward(packet, packet.destAddr, arrival, leaving) : this.#toProviders(packet, arrival, leaving.from)
    } catch (error) {
      // A packet that no wire can carry (TOO_LARGE, INVALID_OPTION) is found out when it is encoded.
      return error instanceof MeshError ? error : new MeshError('INVALID_OPTION', String(error))
    }
  }

  /** A packet of this node's own for a member: as `EndToEnd.deliver`, also to this node itself. */
  async deliver(packet: Packet, destination: string): Promise<void> {
    const { address } = this.#parts
    if (destination !== address && !this.#mayReach(destination)) throw new MeshError('NO_ROUTE', `there is no route to ${destination}`)
    if (destination !== address && this.endToEnd) return this.endToEnd.deliver(packet, destination)
    const error = this.originate(packet, { via: address, hops: 0, verified: true, plain: false, broadcast: false })
    if (error) throw error
  }

  /** A packet from a plain neighbour: for this node, for another, or for whoever offers its service. */
  fromPlain(packet: DecodedPacket, from: string, link: Link): void {
    const arrival: Arrival = { via: from, hops: 1, verified: false, plain: true, broadcast: false }
    if (packet.destAddr === this.#parts.address) {
      if (!this.mayReply(packet, link)) return
      const code = this.#parts.dispatcher.deliver(packet, arrival)
      if (!code) return
      link.wasted()
      this.error(packet, code, packet.service ?? '')
      return
    }
    if (!packet.destAddr && !packet.service) return
    const error = this.originate(packet, arrival, { from: link })
    if (!error) return
    link.wasted()
    this.error(packet, error.code, error.message)
  }

  /** A packet that a capable neighbour handed over; `frame` if it came alone in one. */
  passing(neighbour: LinkNeighbour, bytes: Uint8Array, frame?: Uint8Array): void {
    const header = readMeshPacket(bytes)
    if (isWireFault(header)) return this.#useless(neighbour, header.code, `${neighbour.address}: ${header.detail}`)
    if (header.broadcast) return this.#parts.broadcasts.receive(neighbour, header, bytes)
    const { address } = this.#parts
    if (header.source !== neighbour.address && isMemberForm(header.source) && this.#parts.exchange.isLeaf(neighbour)) {
      return this.#useless(neighbour, 'SPOOFED', `${neighbour.address} is a leaf, and hands over what is from ${header.source}`)
    }
    const target = header.gateway ?? header.destination
    if (target === address) return this.#arrived(neighbour, header, bytes)
    if (target === '') return this.#onBehalf(neighbour, header, bytes)
    const next = this.#parts.exchange.isStub ? undefined : this.#parts.exchange.table.get(target)?.nextHop
    // Who is at the end of a radio link is reached, and carries nothing on.
    if (!next || (next.lowPower && next.address !== target)) return this.#withoutRoute(neighbour, header, bytes, target)
    const hopLimit = Math.min(header.hopLimit, hopLimitStart)
    if (hopLimit <= 1) return this.#complain(neighbour, header, bytes, 'HOP_LIMIT')
    // The frame that brought these bytes is ours.
    bytes[0] = hopLimit - 1
    if (frame ? next.link.passPacket(bytes, frame, neighbour.link) : next.link.sendPacket(bytes, undefined, neighbour.link)) this.#forwarded++
    else this.#parts.fault('QUEUE_FULL', `${next.address} does not take packets fast enough`)
  }

  /** A leaf that knows no provider of a service leaves the choice to its relay: the least load, then the nearest (R14). */
  #onBehalf(neighbour: LinkNeighbour, header: MeshPacketHeader, bytes: Uint8Array): void {
    if (this.isSealed(header.source)) {
      return this.#useless(neighbour, 'UNSEALED', `${neighbour.address} leaves a packet of ${header.source} to this node that nobody sealed`)
    }
    const [best] = this.#parts.reachability.services(header.service).toSorted((one, other) => one.load - other.load || one.cost - other.cost)
    const packet = decodePacket(bytes.subarray(header.alnOffset))
    if (isWireFault(packet)) return this.#useless(neighbour, packet.code, `${neighbour.address}: ${packet.detail}`)
    if (!best || header.service === '' || header.source !== neighbour.address) return this.#complain(neighbour, header, bytes, 'NO_SERVICE')
    const error = this.originate({ ...packet, destAddr: best.address }, this.#arrival(neighbour, header, false))
    if (error) this.#complain(neighbour, header, bytes, error.code === 'QUEUE_FULL' ? 'QUEUE_FULL' : 'NO_ROUTE')
  }

  /** A route is there, or is another. */
  routeChanged(address: string): void {
    if (this.#parts.exchange.table.get(address)?.nextHop) this.#waiting.routed(address)
  }

  stop(): void {
    this.#waiting.stop()
  }

  #withoutRoute(neighbour: LinkNeighbour, header: MeshPacketHeader, bytes: Uint8Array, target: string): void {
    const complain = (): void => this.#complain(neighbour, header, bytes, 'NO_ROUTE')
    if (!this.#parts.exchange.awaitsProof(target) || !this.#waiting.keep(target, () => this.passing(neighbour, bytes), complain)) complain()
  }

  /** The way to `destination` is being proven, and the packet waits for it. */
  #waits(packet: Packet, destination: string, arrival: Arrival): boolean {
    if (!this.#parts.exchange.awaitsProof(destination)) return false
    const send = (): void => {
      const error = this.originate(packet, arrival)
      if (error) this.#parts.fault(error.code, error.message)
    }
    return this.#waiting.keep(destination, send, () => this.#parts.fault('NO_ROUTE', `the route to ${destination} was not proven in time`))
  }

  #toProviders(packet: Packet, arrival: Arrival, from?: Link): MeshError | undefined {
    const { service, srcAddr } = packet
    if (!service) return new MeshError('INVALID_OPTION', 'a packet needs a destination or a service')
    const { address, dispatcher, reachability } = this.#parts
    const providers = new Set(reachability.providers(service).keys())
    const local = dispatcher.services.get(service)
    if (local && (local.plain || !arrival.plain)) providers.add(address)
    providers.delete(arrival.plain ? (srcAddr ?? '') : '')
    const relay = providers.size === 0 && !arrival.plain ? this.#parts.exchange.defaultRelay : undefined
    // What is sealed names nobody but its target: the relay says who that is, and does not see what it is (SE1).
    if (relay && this.endToEnd) return this.endToEnd.sendToProvider({ ...packet, service }, relay.address)
    if (relay) return this.#sendMesh(relay, packet, { hopLimit: hopLimitStart })
    if (providers.size === 0) return new MeshError('NO_SERVICE', `nobody that can be reached offers '${service}'`)
    let error: MeshError | undefined
    let sent = 0
    for (const provider of providers) {
      const failed = this.#toward({ ...packet, destAddr: provider }, provider, arrival, { from })
      if (failed) error = failed
      else sent++
    }
    return sent > 0 ? undefined : error
  }

  /** What is said to this address is sealed, and nothing that is not comes from it. */
  isSealed(address: string): boolean {
    return this.endToEnd !== undefined && isMemberForm(address)
  }

  #toward(packet: Packet, destination: string, arrival: Arrival, leaving: Leaving = {}): MeshError | undefined {
    const { from, hopLimit = hopLimitStart } = leaving
    const { address, clock, exchange, reachability, plainEdge } = this.#parts
    const sourceGateway = arrival.plain ? address : undefined
    if (destination === address) {
      const own = copyToSelf(packet)
      if (!isWireFault(own)) clock.soon(() => this.#deliver(own, arrival))
      return undefined
    }
    const next = exchange.table.get(destination)?.nextHop
    if (this.#leavesSealed(packet, destination, arrival, leaving)) {
      if (!this.#mayReach(destination)) return new MeshError('NO_ROUTE', `there is no route to ${destination}`)
      return this.endToEnd?.send(packet, destination)
    }
    const asks = arrival.hops === 0 && !arrival.plain
    if (next) {
      if (asks) this.#replies.left(packet.contextID, next.link)
      return this.#sendMesh(next, packet, { hopLimit, sourceGateway })
    }
    const plain = reachability.wayToPlain(destination)
    if (!plain) {
      if (this.#waits(packet, destination, arrival)) return undefined
      const relay = isMemberForm(destination) ? exchange.defaultRelay : undefined
      return relay ? this.#sendMesh(relay, packet, { hopLimit, sourceGateway }) : new MeshError('NO_ROUTE', `there is no route to ${destination}`)
    }
    if ((packet.data?.length ?? 0) > plainBytesMax) {
      return new MeshError('TOO_LARGE', `${packet.data?.length} bytes for the plain node ${destination}: at most ${plainBytesMax} arrive there`)
    }
    const toGateway = plain.gateway === address ? undefined : exchange.table.get(plain.gateway)?.nextHop
    if (asks) this.#replies.left(packet.contextID, toGateway?.link ?? plainEdge.linkToward(destination))
    if (plain.gateway === address) {
      const code = plainEdge.send(packet, destination, from)
      return code && new MeshError(code, plainRefusals[code](destination))
    }
    if (toGateway) return this.#sendMesh(toGateway, packet, { hopLimit, gateway: plain.gateway, sourceGateway })
    return new MeshError('NO_ROUTE', `there is no route to ${destination}`)
  }

  /** There is a route, one that is being proven, or a relay that knows more than this node. */
  #mayReach(destination: string): boolean {
    const { exchange } = this.#parts
    return exchange.table.get(destination)?.nextHop !== undefined || exchange.awaitsProof(destination) || exchange.defaultRelay !== undefined
  }

  #leavesSealed({ service }: Packet, destination: string, { hops, plain }: Arrival, { hopLimit, open }: Leaving): boolean {
    return hops === 0 && !plain && hopLimit === undefined && open !== true && service !== sessionService && this.isSealed(destination)
  }

  #sendMesh(neighbour: LinkNeighbour, packet: Packet, options: MeshPacketOptions): MeshError | undefined {
    const { head, data } = encodeMeshPacketHead(options, { ...packet, nextAddr: undefined })
    return neighbour.link.sendPacket(head, data) ? undefined : new MeshError('QUEUE_FULL', `${neighbour.address} does not take packets fast enough`)
  }

  #arrived(neighbour: LinkNeighbour, header: MeshPacketHeader, bytes: Uint8Array): void {
    // What this node says to itself crosses no link: somebody speaks in its name (SE1).
    if (header.source === this.#parts.address) return this.#useless(neighbour, 'SPOOFED', `${neighbour.address} hands over what this node never said`)
    const packet = decodePacket(bytes.subarray(header.alnOffset))
    if (isWireFault(packet)) return this.#useless(neighbour, packet.code, `${neighbour.address}: ${packet.detail}`)
    if (header.sourceGateway && !isMemberForm(header.source)) this.#parts.reachability.noteWayBack(header.source, header.sourceGateway)
    if (header.destination !== this.#parts.address) {
      if ((packet.data?.length ?? 0) > plainBytesMax) return this.#complain(neighbour, header, bytes, 'TOO_LARGE')
      const code = this.#parts.plainEdge.send(packet, header.destination)
      if (code) this.#complain(neighbour, header, bytes, code)
      return
    }
    const sealed = this.isSealed(header.source)
    // As every node on the way does: what a target has to say of itself it says in sessions (SE16).
    if (sealed && header.service === traceService) return this.#complain(neighbour, header, bytes, 'HOP_LIMIT')
    if (sealed && !mayBeOpen(header)) {
      return this.#useless(neighbour, 'UNSEALED', `${neighbour.address} hands over what ${header.source} says outside of a session`)
    }
    if (!mayBeOpen(header) && this.#isMadeUp(header.source)) {
      return this.#useless(neighbour, 'UNSEALED', `${neighbour.address} hands over what '${header.source}' says, of whom no gateway of this network knows`)
    }
    if (!this.mayReply(packet, neighbour.link, header.sourceGateway)) return
    const code = this.#deliver(packet, this.#arrival(neighbour, header, false))
    if (code) this.#complain(neighbour, header, bytes, code)
  }

  /** False, and counted: a plain node is said to answer, and not where its answer would come from. `gateway`: who let that in. */
  mayReply(packet: DecodedPacket, link: Link, gateway?: string): boolean {
    if (this.#replies.mayCome(packet, link, gateway)) return true
    this.#parts.fault('SPOOFED', `an answer in the name of ${packet.srcAddr} comes another way than the question went`)
    return false
  }

  /** Where there is a key, a relay passes on only what members say: plain nodes are those that a gateway with the key vouches for. */
  #isMadeUp(source: string): boolean {
    return this.#parts.keyed && !isMemberForm(source) && this.#parts.reachability.destination(source) === undefined
  }

  #arrival(neighbour: LinkNeighbour, header: MeshPacketHeader, broadcast: boolean): Arrival {
    const hops = hopLimitStart - Math.min(header.hopLimit, hopLimitStart) + 1
    const member = isMemberForm(header.source)
    return { via: neighbour.address, hops, verified: member && header.source === neighbour.address && !this.isSealed(header.source), plain: !member, broadcast }
  }

  #deliver(packet: DecodedPacket, arrival: Arrival): 'NO_SERVICE' | 'NO_HANDLER' | undefined {
    const code = this.#parts.dispatcher.deliver(packet, arrival)
    // A local send learns it the same way as a remote one.
    if (code && arrival.hops === 0) this.#parts.fault(code, `a packet of this node's own found no ${packet.service ? `service '${packet.service}'` : 'handler'}`)
    return code
  }

  /** Tells the origin of a packet why it ends here (a hint; nothing is told about errors, broadcasts or too often). */
  #complain(neighbour: LinkNeighbour, header: MeshPacketHeader, bytes: Uint8Array, code: ComplaintCode): void {
    const answered = header.netState !== netStates.error && header.source !== '' && this.#mayAnswer(neighbour)
    // A packet of a trace was sent to end here: no fault, unless there are more of them than are answered.
    if (!answered || code !== 'HOP_LIMIT' || header.service !== traceService) {
      this.#parts.fault(code, `a packet from ${header.source} to ${header.destination} ends here`)
    }
    neighbour.link.wasted()
    if (!answered) return
    const packet = decodePacket(bytes.subarray(header.alnOffset))
    if (isWireFault(packet)) return
    // What an error says is never longer than what caused it, so that nobody is flooded in the name of others (SE14).
    const text = code === 'NO_ROUTE' ? `no route to ${header.destination}` : header.service
    const bare = encodePacket({ netState: netStates.error, srcAddr: this.#parts.address, destAddr: header.source, contextID: packet.contextID, data: code })
    this.error(packet, code, meshHeadBytes + bare.length + 1 + textBytes(text) <= bytes.length ? text : '')
  }

  #useless(neighbour: LinkNeighbour, code: string, text: string): void {
    this.#parts.fault(code, text)
    neighbour.link.wasted()
  }

  #mayAnswer({ address }: LinkNeighbour): boolean {
    const second = Math.floor(this.#parts.clock.now() / 1_000)
    const errors = this.#errors.get(address)
    const count = errors?.second === second ? errors.count + 1 : 1
    if (count > errorsPerSecondMax) return false
    if (this.#errors.size > 10_000) this.#errors.clear()
    this.#errors.set(address, { second, count })
    return true
  }

  /** Sends a NET_ERROR about `packet` to its origin. */
  error(packet: DecodedPacket, code: string, text: string): void {
    const { address } = this.#parts
    const { srcAddr, contextID } = packet
    if (!srcAddr || srcAddr === address || packet.netState === netStates.error) return
    const report: Packet = { netState: netStates.error, srcAddr: address, destAddr: srcAddr, contextID, data: `${code} ${text}`.trim() }
    this.originate(report, { via: address, hops: 0, verified: true, plain: false, broadcast: false }, { open: true })
  }
}

/** Sessions, and hints. */
function mayBeOpen({ service, netState }: MeshPacketHeader): boolean {
  return service === sessionService || netState === netStates.error
}

const plainRefusals: Readonly<Record<PlainRefusal, (destination: string) => string>> = {
  NO_ROUTE: (destination) => `there is no route to ${destination}`,
  QUEUE_FULL: (destination) => `${destination} does not take packets fast enough`,
  TOO_LARGE: (destination) => `a packet for ${destination} is larger than plain nodes can take`,
  HOP_LIMIT: (destination) => `a packet for ${destination} goes in a circle`,
}

/** As it would have come over a wire. Data that no packet of a wire could hold stays within this process, so it may. */
function copyToSelf(packet: Packet): DecodedPacket | WireFault {
  const { data } = packet
  if (!(data instanceof Uint8Array) || data.length <= dataBytesMax) return decodePacket(encodePacket({ ...packet, nextAddr: undefined }))
  const head = decodePacket(encodePacket({ ...packet, nextAddr: undefined, data: undefined }))
  return isWireFault(head) ? head : { ...head, data: data.slice() }
}
