// What a router is made of for as long as it has one address. Links bring verified facts in order; the route exchange makes
// a table of them; the originator and the forwarder move packets by it.

import type { MemoryBudget, MemoryHolder } from '../bytes/memory-budget.ts'
import { epochOf } from '../identity/member-record.ts'
import type { Receipt } from '../identity/receipt-proof.ts'
import { Gossip } from '../gossip/gossip.ts'
import type { PlainEdgePort } from '../plain-edge/plain-edge-port.ts'
import { silentLog } from '../ports/log.ts'
import type { Announcements } from './announcements.ts'
import type { CapableIdentity } from './capable-identity.ts'
import type { Dispatcher } from './packets/dispatcher.ts'
import { Forwarder } from './packets/forwarder.ts'
import type { LinkNeighbour } from './link-neighbour.ts'
import { Neighbourhood } from './neighbourhood.ts'
import { Originator } from './packets/originator.ts'
import { OwnContents } from './own-contents.ts'
import { OwnRecord } from './own-record.ts'
import { PlainReplies } from './packets/plain-replies.ts'
import { PlainSide } from './plain/plain-side.ts'
import { Reachability } from './reachability.ts'
import { RouteExchange } from './exchange/route-exchange.ts'
import type { RouterOptions } from './router-options.ts'
import { WaitingPackets } from './packets/waiting-packets.ts'

/** What stays when the address becomes another. */
export interface RouterHouse {
  /** The network has a key. */
  readonly keyed: boolean
  readonly memory: MemoryBudget
  readonly announcements: Announcements
  readonly dispatcher: Dispatcher
  /** A receipt, proven, for what this node said. */
  receipt(receipt: Receipt): void
  isClosed(): boolean
}

export class RouterRooms {
  readonly address: string
  readonly neighbourhood: Neighbourhood
  readonly own: OwnRecord
  readonly contents: OwnContents
  readonly exchange: RouteExchange
  readonly reachability: Reachability
  readonly plainSide: PlainSide
  /** Packets that wait for the proof of their route. */
  readonly waiting: WaitingPackets
  readonly originator: Originator
  readonly forwarder: Forwarder
  readonly gossip: Gossip<LinkNeighbour>
  /** Broadcasts whose origin is not proven yet. */
  readonly #unproven: WaitingPackets
  readonly #identity: CapableIdentity
  readonly #options: RouterOptions
  readonly #house: RouterHouse
  /** What is kept for members that are away counts as what others make this node hold, also after all of it had to go. */
  readonly #kept: MemoryHolder
  readonly #fault = (code: string, message: string): void => this.#house.announcements.fault(code, message)
  #closed = false

  constructor(identity: CapableIdentity, options: RouterOptions, house: RouterHouse) {
    this.address = identity.address
    this.#identity = identity
    this.#options = options
    this.#house = house
    this.own = this.#newOwnRecord()
    this.contents = this.#newOwnContents()
    this.exchange = this.#newExchange()
    this.reachability = this.#newReachability()
    this.plainSide = this.#newPlainSide()
    this.waiting = new WaitingPackets(options.clock)
    this.#unproven = new WaitingPackets(options.clock)
    this.gossip = this.#newGossip()
    this.#kept = this.#keep(this.gossip)
    const { address, exchange, reachability, plainSide, waiting, gossip } = this
    const { keyed, dispatcher } = house
    const replies = new PlainReplies({ address, contexts: dispatcher.contexts, exchange, reachability, plainSide })
    const common = { address, clock: options.clock, exchange, reachability, dispatcher, plainSide, replies, waiting, fault: this.#fault }
    this.originator = new Originator(common)
    this.forwarder = new Forwarder({ ...common, keyed, broadcasts: gossip, originator: this.originator })
    this.neighbourhood = this.#newNeighbourhood()
  }

  /** Ends every link, and whatever waits for a time. */
  close(notice?: { code: 'RESTARTING' | 'CLOSED'; text: string }): Promise<void> {
    const down = this.neighbourhood.close(notice)
    this.contents.stop()
    this.own.stop()
    this.exchange.stop()
    this.plainSide.edge?.stop()
    this.waiting.stop()
    this.#unproven.stop()
    this.gossip.stop()
    this.#closed = true
    this.#house.memory.delete(this.#kept)
    return down
  }

  #newOwnRecord(): OwnRecord {
    const { clock, contested } = this.#options
    return new OwnRecord(this.#identity, clock, {
      contents: () => this.contents.now(),
      changed: ({ record }) => {
        this.contents.told(record)
        this.exchange.ownChanged()
      },
      yields: contested === 'yield',
      failed: (error) =>
        this.#fault('LINK_FAILED', `the member record cannot be signed: ${error instanceof Error ? error.message : String(error)}`),
    })
  }

  #newOwnContents(): OwnContents {
    return new OwnContents(this.#options.clock, this.#house.dispatcher.services, {
      plainHosts: () => this.plainSide.edge?.hosts() ?? [],
      review: ({ services, plainHosts }) => this.reachability.reviewOwn(services, plainHosts),
      tell: () => {
        this.plainSide.edge?.changed()
        this.own.touch()
      },
    })
  }

  #newExchange(): RouteExchange {
    const { clock, leaf } = this.#options
    const port = {
      changed: (address: string) => {
        this.reachability.review(address)
        if (this.exchange.table.get(address)?.nextHop) this.waiting.routed(address)
        this.#unproven.routed(address)
      },
      keptRecord: (address: string) => this.gossip.record(address),
      contested: () => this.#house.announcements.events.emit('contested'),
      fault: this.#fault,
    }
    return new RouteExchange(this.#identity, clock, this.own, port, leaf)
  }

  #newReachability(): Reachability {
    const { events } = this.#house.announcements
    return new Reachability(this.address, this.exchange, {
      now: () => this.#options.clock.now(),
      destination: (address, state) => this.#changed(() => events.emit('destination', { address, state })),
      service: (change) => this.#changed(() => events.emit('service', change)),
      isProven: (record) => this.originator.endToEnd?.isProven(record) === true,
      isSilent: (address) => this.originator.endToEnd?.isSilent(address) === true,
    })
  }

  #newPlainSide(): PlainSide {
    const { clock, plain: load } = this.#options
    const port: PlainEdgePort = {
      address: this.address,
      epoch: this.#identity.epoch,
      clock,
      ownServices: () => this.contents.services().filter(({ plain }) => plain !== false),
      visible: () => this.reachability.visibleToPlain(),
      wayTo: (address) => this.reachability.wayTo(address),
      isShared: (address, hopsMax) => this.reachability.isShared(address, hopsMax),
      hostsChanged: () => {
        this.contents.changed()
        this.plainSide.edge?.changed()
      },
      packet: (packet, from, link) => this.forwarder.fromPlain(packet, from, link),
      fault: this.#fault,
    }
    return new PlainSide(port, load)
  }

  #newGossip(): Gossip<LinkNeighbour> {
    const { exchange } = this
    const { clock, dice } = this.#options
    const { dispatcher, receipt } = this.#house
    return new Gossip<LinkNeighbour>({
      identity: this.#identity,
      clock,
      dice,
      port: {
        neighbours: () => exchange.neighbours(),
        epoch: () => epochOf(this.own.seq48),
        passesOn: () => !exchange.isStub,
        record: (origin) => exchange.record(origin),
        whenProven: (origin, neighbour, { proven, giveUp }) => {
          if (!exchange.awaitsProof(origin)) exchange.borrow(neighbour, origin)
          if (!exchange.awaitsProof(origin) || !this.#unproven.keep(origin, proven, giveUp)) giveUp()
        },
        deliver: (packet, { id, via, hops }) => {
          dispatcher.deliver(packet, { via, hops, verified: true, plain: false, broadcast: true, said: id })
        },
        nextHop: (address) => exchange.table.get(address)?.nextHop ?? exchange.defaultRelay,
        receipt,
        fault: this.#fault,
      },
    })
  }

  #keep(gossip: Gossip<LinkNeighbour>): MemoryHolder {
    const { memory } = this.#house
    const kept: MemoryHolder = {
      get heldBytes() {
        return gossip.heldBytes
      },
      shed: () => {
        gossip.shed()
        this.#options.clock.soon(() => this.#closed || memory.add(kept))
      },
    }
    memory.add(kept)
    return kept
  }

  #newNeighbourhood(): Neighbourhood {
    const { clock, dice, log = silentLog, plainNodes = 'accept' } = this.#options
    const { memory, announcements } = this.#house
    const { exchange, forwarder, plainSide, gossip } = this
    return new Neighbourhood({
      identity: this.#identity,
      memory,
      clock,
      dice,
      log,
      plainNodes,
      exchange,
      forwarder,
      plainSide,
      gossip,
      record: () => this.own.bytes(),
      noticed: (notice) => announcements.events.emit('notice', notice),
      lost: (address) => announcements.events.emit('lost', { address }),
      fault: this.#fault,
    })
  }

  /** What happens while it closes is no news. */
  #changed(emit: () => void): void {
    if (this.#house.isClosed()) return
    if (!this.contents.reviewing) this.plainSide.edge?.changed()
    emit()
  }
}
