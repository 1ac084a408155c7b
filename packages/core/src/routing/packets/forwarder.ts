// Where a packet goes next that somebody hands over: on, to who waits for it here, or nowhere. Only the header of a passing
// packet is read, and its bytes are copied once, into the frame it leaves in.

import { isMemberForm } from '../../identity/address.ts'
import type { Link } from '../../link/link.ts'
import type { Clock } from '../../ports/clock.ts'
import { hopLimitStart, meshPacketBytesMax, readMeshPacket, type MeshPacketHeader } from '../../wire/mesh-packet.ts'
import { netStates, type DecodedPacket } from '../../wire/packet.ts'
import { decodePacket } from '../../wire/packet-codec.ts'
import { isWireFault } from '../../wire/wire-fault.ts'
import { Complaints } from './complaints.ts'
import type { Dispatcher } from './dispatcher.ts'
import { sessionService } from './end-to-end.ts'
import type { LinkNeighbour } from '../link-neighbour.ts'
import { plainBytesMax, type Originator } from './originator.ts'
import type { PlainReplies } from './plain-replies.ts'
import type { PlainSide } from '../plain/plain-side.ts'
import type { Reachability } from '../reachability.ts'
import type { RouteExchange } from '../exchange/route-exchange.ts'
import { traceService, type Arrival } from '../routing-types.ts'
import type { WaitingPackets } from './waiting-packets.ts'

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
  readonly plainSide: PlainSide
  readonly originator: Originator
  readonly replies: PlainReplies
  /** For the proof of their route. */
  readonly waiting: WaitingPackets
  fault(code: string, message: string): void
}

export class Forwarder {
  readonly #parts: ForwarderParts
  readonly #complaints: Complaints
  #forwarded = 0

  constructor(parts: ForwarderParts) {
    this.#parts = parts
    this.#complaints = new Complaints(parts)
  }

  /** Packets passed on for others so far. */
  get forwarded(): number {
    return this.#forwarded
  }

  /** A packet from a plain neighbour: for this node, for another, or for whoever offers its service. */
  fromPlain(packet: DecodedPacket, from: string, link: Link): void {
    const arrival: Arrival = { via: from, hops: 1, verified: false, plain: true, broadcast: false }
    const { address, dispatcher, originator } = this.#parts
    if (packet.destAddr === address) {
      if (!this.#mayReply(packet, link)) return
      const code = dispatcher.deliver(packet, arrival)
      if (!code) return
      link.wasted()
      originator.error(packet, code, packet.service ?? '')
      return
    }
    if (!packet.destAddr && !packet.service) return
    const error = originator.originate(packet, arrival, { from: link })
    if (!error) return
    link.wasted()
    originator.error(packet, error.code, error.message)
  }

  /** A packet that a capable neighbour handed over; `frame` if it came alone in one. */
  passing(neighbour: LinkNeighbour, bytes: Uint8Array, frame?: Uint8Array): void {
    const header = readMeshPacket(bytes)
    if (isWireFault(header)) return this.#complaints.useless(neighbour, header.code, `${neighbour.address}: ${header.detail}`)
    const { address } = this.#parts
    const target = header.gateway ?? header.destination
    if (bytes.length > meshPacketBytesMax && (header.broadcast || target !== address)) {
      return this.#complaints.useless(
        neighbour,
        'too-long',
        `${neighbour.address}: a packet of ${bytes.length} bytes that does not end here`,
      )
    }
    if (header.broadcast) return this.#parts.broadcasts.receive(neighbour, header, bytes)
    if (header.source !== neighbour.address && isMemberForm(header.source) && this.#parts.exchange.isLeaf(neighbour)) {
      return this.#complaints.useless(neighbour, 'SPOOFED', `${neighbour.address} is a leaf, and hands over what is from ${header.source}`)
    }
    if (target === address) return this.#arrived(neighbour, header, bytes)
    if (target === '') return this.#onBehalf(neighbour, header, bytes)
    const next = this.#parts.exchange.isStub ? undefined : this.#parts.exchange.table.get(target)?.nextHop
    // Who is at the end of a radio link is reached, and carries nothing on.
    if (!next || (next.lowPower && next.address !== target)) return this.#withoutRoute(neighbour, header, bytes, target)
    const hopLimit = Math.min(header.hopLimit, hopLimitStart)
    if (hopLimit <= 1) return this.#complaints.complain(neighbour, header, bytes, 'HOP_LIMIT')
    // The frame that brought these bytes is ours.
    bytes[0] = hopLimit - 1
    if (frame ? next.link.passPacket(bytes, frame, neighbour.link) : next.link.sendPacket(bytes, neighbour.link)) this.#forwarded++
    else this.#parts.fault('QUEUE_FULL', `${next.address} does not take packets fast enough`)
  }

  /** A leaf that knows no provider of a service leaves the choice to its relay: the least load, then the nearest (R14). */
  #onBehalf(neighbour: LinkNeighbour, header: MeshPacketHeader, bytes: Uint8Array): void {
    if (this.#parts.originator.isSealed(header.source)) {
      return this.#complaints.useless(
        neighbour,
        'UNSEALED',
        `${neighbour.address} leaves a packet of ${header.source} to this node that nobody sealed`,
      )
    }
    const [best] = this.#parts.reachability
      .services(header.service)
      .toSorted((one, other) => one.load - other.load || one.cost - other.cost)
    const packet = decodePacket(bytes, header.alnOffset)
    if (isWireFault(packet)) return this.#complaints.useless(neighbour, packet.code, `${neighbour.address}: ${packet.detail}`)
    if (!best || header.service === '' || header.source !== neighbour.address)
      return this.#complaints.complain(neighbour, header, bytes, 'NO_SERVICE')
    const error = this.#parts.originator.originate({ ...packet, destAddr: best.address }, this.#arrival(neighbour, header))
    if (error) this.#complaints.complain(neighbour, header, bytes, error.code === 'QUEUE_FULL' ? 'QUEUE_FULL' : 'NO_ROUTE')
  }

  #withoutRoute(neighbour: LinkNeighbour, header: MeshPacketHeader, bytes: Uint8Array, target: string): void {
    const complain = (): void => this.#complaints.complain(neighbour, header, bytes, 'NO_ROUTE')
    if (!this.#parts.exchange.awaitsProof(target) || !this.#parts.waiting.keep(target, () => this.passing(neighbour, bytes), complain))
      complain()
  }

  #arrived(neighbour: LinkNeighbour, header: MeshPacketHeader, bytes: Uint8Array): void {
    // What this node says to itself crosses no link: somebody speaks in its name (SE1).
    if (header.source === this.#parts.address)
      return this.#complaints.useless(neighbour, 'SPOOFED', `${neighbour.address} hands over what this node never said`)
    const packet = decodePacket(bytes, header.alnOffset)
    if (isWireFault(packet)) return this.#complaints.useless(neighbour, packet.code, `${neighbour.address}: ${packet.detail}`)
    if (header.sourceGateway && !isMemberForm(header.source)) this.#parts.reachability.noteWayBack(header.source, header.sourceGateway)
    if (header.destination !== this.#parts.address) {
      if ((packet.data?.length ?? 0) > plainBytesMax) return this.#complaints.complain(neighbour, header, bytes, 'TOO_LARGE')
      const code = this.#parts.plainSide.send(packet, header.destination)
      if (code) this.#complaints.complain(neighbour, header, bytes, code)
      return
    }
    const sealed = this.#parts.originator.isSealed(header.source)
    // As every node on the way does: what a target has to say of itself it says in sessions (SE16).
    if (sealed && header.service === traceService) return this.#complaints.complain(neighbour, header, bytes, 'HOP_LIMIT')
    if (sealed && !mayBeOpen(header)) {
      return this.#complaints.useless(
        neighbour,
        'UNSEALED',
        `${neighbour.address} hands over what ${header.source} says outside of a session`,
      )
    }
    if (!mayBeOpen(header) && this.#isMadeUp(header.source)) {
      return this.#complaints.useless(
        neighbour,
        'UNSEALED',
        `${neighbour.address} hands over what '${header.source}' says, of whom no gateway of this network knows`,
      )
    }
    if (!this.#mayReply(packet, neighbour.link, header.sourceGateway)) return
    const code = this.#parts.dispatcher.deliver(packet, this.#arrival(neighbour, header))
    if (code) this.#complaints.complain(neighbour, header, bytes, code)
  }

  /** False, and counted: a plain node is said to answer, and not where its answer would come from. `gateway`: who let that in. */
  #mayReply(packet: DecodedPacket, link: Link, gateway?: string): boolean {
    if (this.#parts.replies.mayCome(packet, link, gateway)) return true
    this.#parts.fault('SPOOFED', `an answer in the name of ${packet.srcAddr} comes another way than the question went`)
    return false
  }

  /** Where there is a key, a relay passes on only what members say: plain nodes are those that a gateway with the key vouches for. */
  #isMadeUp(source: string): boolean {
    return this.#parts.keyed && !isMemberForm(source) && this.#parts.reachability.destination(source) === undefined
  }

  #arrival({ address: via }: LinkNeighbour, { source, hopLimit }: MeshPacketHeader): Arrival {
    const hops = hopLimitStart - Math.min(hopLimit, hopLimitStart) + 1
    const member = isMemberForm(source)
    const verified = member && source === via && !this.#parts.originator.isSealed(source)
    return { via, hops, verified, plain: !member, broadcast: false }
  }
}

/** Sessions, and hints. */
function mayBeOpen({ service, netState }: MeshPacketHeader): boolean {
  return service === sessionService || netState === netStates.error
}
