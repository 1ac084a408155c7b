// Everything that is only for plain ALN neighbours: reading their adverts without believing too much (the learner), telling
// them what they can reach in words that no stack dies of (the teller), and keeping both worlds from teaching each other
// loops. The rules L1 … L14 stand in PROTOCOL.md, PL.

import { isMemberForm } from '../identity/address.ts'
import type { PlainHost } from '../identity/member-record.ts'
import type { Link } from '../link/link.ts'
import { netStates, type DecodedPacket, type Packet } from '../wire/packet.ts'
import { frameRoom } from '../wire/framed-packets.ts'
import { frame } from '../wire/kiss.ts'
import { encodePacket } from '../wire/packet-codec.ts'
import { hostsBehind } from './hosts-behind.ts'
import { PassedPackets } from './passed-packets.ts'
import { LostWays } from './lost-ways.ts'
import type { PlainEdgePort } from './plain-edge-port.ts'
import { PlainLearner } from './plain-learner.ts'
import type { PlainNeighbour } from './plain-neighbour.ts'
import { PlainNeighbours } from './plain-neighbours.ts'
import { PlainTeller } from './plain-teller.ts'
import { SilentNodes } from './silent-nodes.ts'
import { lastWay, plainFrameBytesMax } from './plain-words.ts'

export type { PlainEdgePort, VisibleHost } from './plain-edge-port.ts'

const answerEveryMs = 1_000

/** Why a packet did not leave. */
export type PlainRefusal = 'NO_ROUTE' | 'QUEUE_FULL' | 'TOO_LARGE' | 'HOP_LIMIT'

export class PlainEdge {
  readonly #port: PlainEdgePort
  readonly #neighbours: PlainNeighbours
  readonly #teller: PlainTeller
  readonly #learner: PlainLearner
  readonly #lostWays: LostWays
  readonly #silentNodes: SilentNodes
  readonly #passed = new PassedPackets()

  constructor(port: PlainEdgePort) {
    this.#port = port
    this.#neighbours = new PlainNeighbours(port.clock)
    this.#teller = new PlainTeller(port, this.#neighbours, () => this.#learner.changed())
    this.#lostWays = new LostWays(port, this.#neighbours, this.#teller)
    this.#learner = new PlainLearner(port, this.#neighbours, this.#teller, this.#lostWays)
    this.#silentNodes = new SilentNodes(port, this.#neighbours, (neighbour) => this.#fellSilent(neighbour))
  }

  /** What may be said before anything is known of the neighbour: ROUTE self, own services. */
  greeting(link: Link): Packet[] {
    return this.#teller.greeting(link)
  }

  join(link: Link): void {
    const neighbour = this.#neighbours.add(link)
    this.#teller.join(neighbour)
    this.#silentNodes.join(neighbour)
  }

  leave(link: Link): void {
    const gone = this.#neighbours.remove(link)
    if (!gone) return
    const hosts = [...gone.hosts()]
    for (const host of hosts) this.#learner.bequeath(host)
    if (gone.address) for (const other of this.#neighbours.all()) if (other.reaches(gone.address)) this.#lostWays.tellAnew(other)
    if (hosts.length > 0) this.#port.hostsChanged()
  }

  /** Hosts behind this edge. */
  hosts(): PlainHost[] {
    return hostsBehind(this.#neighbours.all())
  }

  /** The nearest first. */
  addressesBehind(link: Link): string[] {
    const hosts = [...(this.#neighbours.at(link)?.hosts() ?? [])]
    return hosts.sort((a, b) => a.hops - b.hops).map(({ address }) => address)
  }

  /** A plain node is at its other end. */
  isLink(link: Link): boolean {
    return this.#neighbours.at(link) !== undefined
  }

  /** No other plain link of this node leads there in fewer hops, whether that way is used or not (L13). */
  isNearest(link: Link, destination: string): boolean {
    const hops = this.#neighbours.at(link)?.hopsTold(destination)
    if (hops === undefined) return false
    for (const other of this.#neighbours.all()) if ((other.hopsTold(destination) ?? hops) < hops) return false
    return true
  }

  /** The link that a packet for that host leaves by. */
  linkToward(destination: string): Link | undefined {
    return this.#neighbours.toward(destination)?.link
  }

  /** A data packet or error to a host behind this edge; `from`: the plain link that it came over. A code: it did not leave. */
  send(packet: Packet, destination: string, from?: Link): PlainRefusal | undefined {
    const neighbour = this.#neighbours.toward(destination)
    // L14: what would go back to where it came from is in a loop.
    if (!neighbour || neighbour.link === from) return 'NO_ROUTE'
    if (neighbour.link.plainFull) return 'QUEUE_FULL'
    const last = lastWay(packet, destination, neighbour.address || destination)
    if (neighbour.link.channel.carries === 'stream' && isTooLong(last)) return 'TOO_LARGE'
    const source = packet.srcAddr ?? ''
    const now = this.#port.clock.now()
    // What a member says never comes back: nobody believes a plain node that speaks as a member.
    if (!isMemberForm(source) && source !== this.#port.address && !this.#passed.pass(packet, now)) return 'HOP_LIMIT'
    if (source) this.#teller.tellBefore(neighbour, source, now)
    return neighbour.link.passPlain(last) ? undefined : 'NO_ROUTE'
  }

  receive(link: Link, packet: DecodedPacket): void {
    const neighbour = this.#neighbours.at(link)
    if (!neighbour) return
    neighbour.heardAt = this.#port.clock.now()
    if (neighbour.silent) this.#speaksAgain(neighbour)
    // What plain nodes tell each other, they tell again and again: none of it is worth more than so much.
    if (packet.netState && packet.netState !== netStates.error) link.wasted()
    switch (packet.netState ?? 0) {
      case netStates.route:
        return this.#learner.route(neighbour, packet)
      case netStates.service:
        return this.#learner.service(neighbour, packet)
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
    this.#teller.changed()
  }

  /** Every plain neighbour is asked for its tables. Gives how many. */
  refresh(): number {
    for (const neighbour of this.#neighbours.all()) this.#learner.refresh(neighbour)
    return this.#neighbours.size
  }

  /** Before the links end: not every plain stack forgets what it learned from a link that closed. */
  farewell(): void {
    this.#teller.farewell()
  }

  stop(): void {
    this.#teller.stop()
  }

  #fellSilent(neighbour: PlainNeighbour): void {
    const hosts = [...neighbour.hosts()]
    neighbour.silent = true
    for (const host of hosts) this.#learner.bequeath(host)
    this.#port.hostsChanged()
  }

  #speaksAgain(neighbour: PlainNeighbour): void {
    neighbour.silent = false
    this.#port.hostsChanged()
  }

  #query(neighbour: PlainNeighbour): void {
    const now = this.#port.clock.now()
    if (now - neighbour.answeredAt < answerEveryMs) return
    neighbour.answeredAt = now
    this.#teller.answer(neighbour)
  }

  #packet(neighbour: PlainNeighbour, packet: DecodedPacket): void {
    const source = packet.srcAddr ?? neighbour.address
    if (isMemberForm(source)) {
      this.#port.fault('SPOOFED', `${neighbour.link.channel.label} sent as the member ${source}`)
      neighbour.link.wasted()
      return void neighbour.link.admits(source)
    }
    // L14: what this node said itself has gone around.
    if (source === this.#port.address) return
    if (source === '') return this.#port.fault('bad-value', `a packet without a source from ${neighbour.link.channel.label}`)
    if (!neighbour.reaches(source) && !neighbour.link.admits(source)) return
    this.#learner.speaker(neighbour, source)
    packet.srcAddr = source
    packet.nextAddr = undefined
    this.#port.packet(packet, source, neighbour.link)
  }
}

/** Behind KISS, escapes included. Most packets need no count. */
function isTooLong(packet: Packet): boolean {
  return frameRoom(packet) > plainFrameBytesMax && frame(encodePacket(packet)).length > plainFrameBytesMax
}
