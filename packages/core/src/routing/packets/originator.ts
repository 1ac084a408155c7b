// How a packet begins its way here: one of this node's own, or one that a plain neighbour handed over.

import { MeshError } from '../../errors/mesh-error.ts'
import { isMemberForm } from '../../identity/address.ts'
import type { Link } from '../../link/link.ts'
import type { PlainRefusal } from '../../plain-edge/plain-edge.ts'
import type { Clock } from '../../ports/clock.ts'
import {
  hopLimitStart,
  largeMeshPacketBytesMax,
  meshPacketBytesMax,
  meshPacketToWrite,
  packetDataBytesMax,
  type MeshPacketOptions,
} from '../../wire/mesh-packet.ts'
import { copyPacket, netStates, type DecodedPacket, type Packet } from '../../wire/packet.ts'
import { dataBytesMax, decodePacket, encodePacket } from '../../wire/packet-codec.ts'
import { isWireFault, type WireFault } from '../../wire/wire-fault.ts'
import type { Dispatcher } from './dispatcher.ts'
import { sessionService, type EndToEnd } from './end-to-end.ts'
import type { LinkNeighbour } from '../link-neighbour.ts'
import type { PlainReplies } from './plain-replies.ts'
import type { PlainSide } from '../plain/plain-side.ts'
import type { Reachability } from '../reachability.ts'
import type { RouteExchange } from '../exchange/route-exchange.ts'
import type { Arrival } from '../routing-types.ts'
import type { WaitingPackets } from './waiting-packets.ts'

/** What a plain node surely takes in one packet. */
export const plainBytesMax = 4_000

export interface OriginatorParts {
  readonly address: string
  readonly clock: Clock
  readonly exchange: RouteExchange
  readonly reachability: Reachability
  readonly dispatcher: Dispatcher
  readonly plainSide: PlainSide
  readonly replies: PlainReplies
  /** For the proof of their route. */
  readonly waiting: WaitingPackets
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

export class Originator {
  readonly #parts: OriginatorParts
  readonly #here: Arrival
  /** Takes what this node has for other members; undefined: nobody seals here. */
  endToEnd: EndToEnd | undefined

  constructor(parts: OriginatorParts) {
    this.#parts = parts
    this.#here = { via: parts.address, hops: 0, verified: true, plain: false, broadcast: false }
  }

  /** A packet of this node's own. */
  send(packet: Packet, { hopLimit }: Pick<Leaving, 'hopLimit'>): MeshError | undefined {
    return this.originate({ ...packet, srcAddr: this.#parts.address }, this.#here, { hopLimit })
  }

  /** A packet of this node, or of a plain one: `srcAddr` and one of `destAddr`, `service` are set. */
  originate(packet: Packet, arrival: Arrival, leaving: Leaving = {}): MeshError | undefined {
    try {
      return packet.destAddr ? this.#toward(packet, packet.destAddr, arrival, leaving) : this.#toProviders(packet, arrival, leaving.from)
    } catch (error) {
      // A packet that no wire can carry (TOO_LARGE, INVALID_OPTION) is found out when it is encoded.
      return error instanceof MeshError ? error : new MeshError('INVALID_OPTION', String(error))
    }
  }

  /** A packet of this node's own for a member: as `EndToEnd.deliver`, also to this node itself. */
  async deliver(said: Packet & { readonly destAddr: string }): Promise<void> {
    const { address } = this.#parts
    const { destAddr: destination } = said
    const packet = { ...said, srcAddr: address }
    if (destination !== address && !this.#mayReach(destination)) throw new MeshError('NO_ROUTE', `there is no route to ${destination}`)
    if (destination !== address && this.endToEnd) return this.endToEnd.deliver(packet, destination)
    const error = this.originate(packet, this.#here)
    if (error) throw error
  }

  /** Sends a NET_ERROR about `packet` to its origin. */
  error(packet: DecodedPacket, code: string, text: string): void {
    const { address } = this.#parts
    const { srcAddr, contextID } = packet
    if (!srcAddr || srcAddr === address || packet.netState === netStates.error) return
    const report: Packet = { netState: netStates.error, srcAddr: address, destAddr: srcAddr, contextID, data: `${code} ${text}`.trim() }
    this.originate(report, this.#here, { open: true })
  }

  /** What is said to this address is sealed, and nothing that is not comes from it. */
  isSealed(address: string): boolean {
    return this.endToEnd !== undefined && isMemberForm(address)
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
    if (relay && this.endToEnd) {
      this.endToEnd.sendToProvider({ ...packet, service }, relay.address)
      return undefined
    }
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

  #toward(packet: Packet, destination: string, arrival: Arrival, leaving: Leaving = {}): MeshError | undefined {
    const { from, hopLimit = hopLimitStart } = leaving
    const { address, clock, exchange, reachability, plainSide } = this.#parts
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
      if (asks) this.#parts.replies.left(packet.contextID, next.link)
      return this.#sendMesh(next, packet, { hopLimit, sourceGateway })
    }
    const plain = reachability.wayToPlain(destination)
    if (!plain) {
      if (this.#waits(packet, destination, arrival)) return undefined
      const relay = isMemberForm(destination) ? exchange.defaultRelay : undefined
      return relay
        ? this.#sendMesh(relay, packet, { hopLimit, sourceGateway })
        : new MeshError('NO_ROUTE', `there is no route to ${destination}`)
    }
    if ((packet.data?.length ?? 0) > plainBytesMax) {
      return new MeshError(
        'TOO_LARGE',
        `${packet.data?.length} bytes for the plain node ${destination}: at most ${plainBytesMax} arrive there`,
      )
    }
    const toGateway = plain.gateway === address ? undefined : exchange.table.get(plain.gateway)?.nextHop
    if (asks) this.#parts.replies.left(packet.contextID, toGateway?.link ?? plainSide.edge?.linkToward(destination))
    if (plain.gateway === address) {
      const code = plainSide.send(packet, destination, from)
      return code && new MeshError(code, plainRefusals[code](destination))
    }
    if (toGateway) return this.#sendMesh(toGateway, packet, { hopLimit, gateway: plain.gateway, sourceGateway })
    return new MeshError('NO_ROUTE', `there is no route to ${destination}`)
  }

  /** The way to `destination` is being proven, and the packet waits for it. */
  #waits(packet: Packet, destination: string, arrival: Arrival): boolean {
    if (!this.#parts.exchange.awaitsProof(destination)) return false
    const kept = copyPacket(packet)
    const send = (): void => {
      const error = this.originate(kept, arrival)
      if (error) this.#parts.fault(error.code, error.message)
    }
    return this.#parts.waiting.keep(destination, send, () =>
      this.#parts.fault('NO_ROUTE', `the route to ${destination} was not proven in time`),
    )
  }

  /** There is a route, one that is being proven, or a relay that knows more than this node. */
  #mayReach(destination: string): boolean {
    const { exchange } = this.#parts
    return (
      exchange.table.get(destination)?.nextHop !== undefined || exchange.awaitsProof(destination) || exchange.defaultRelay !== undefined
    )
  }

  #leavesSealed({ service }: Packet, destination: string, { hops, plain }: Arrival, { hopLimit, open }: Leaving): boolean {
    return hops === 0 && !plain && hopLimit === undefined && open !== true && service !== sessionService && this.isSealed(destination)
  }

  #sendMesh(neighbour: LinkNeighbour, packet: Packet, options: MeshPacketOptions): MeshError | undefined {
    const endsThere = neighbour.address === packet.destAddr && neighbour.link.packetDataBytesMax > packetDataBytesMax
    const bytesMax = endsThere ? largeMeshPacketBytesMax : meshPacketBytesMax
    return neighbour.link.sendPacket(meshPacketToWrite({ ...options, bytesMax }, packet))
      ? undefined
      : new MeshError('QUEUE_FULL', `${neighbour.address} does not take packets fast enough`)
  }

  #deliver(packet: DecodedPacket, arrival: Arrival): void {
    const code = this.#parts.dispatcher.deliver(packet, arrival)
    // A local send learns it the same way as a remote one.
    if (code && arrival.hops === 0)
      this.#parts.fault(code, `a packet of this node's own found no ${packet.service ? `service '${packet.service}'` : 'handler'}`)
  }
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
