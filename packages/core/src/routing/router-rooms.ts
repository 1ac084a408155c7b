// What a router is made of for as long as it has one address. Links bring verified facts in order; the route exchange makes
// a table of them; the originator and the forwarder move packets by it.

import type { MemoryBudget, MemoryHolder } from '../bytes/memory-budget.ts'
import { epochOf } from '../identity/member-record.ts'
import type { Receipt } from '../identity/receipt-proof.ts'
import { Gossip } from '../gossip/gossip.ts'
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
import { PlainSide } from './plain-side.ts'
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
  readonly #house: RouterHouse
  /** What is kept for members that are away counts as what others make this node hold, also after all of it had to go. */
  readonly #kept: MemoryHolder
  #closed = false

  constructor(identity: CapableIdentity, options: RouterOptions, house: RouterHouse) {
    const { keyed, memory, announcements, dispatcher } = house
    const { events } = announcements
    const fault = (code: string, message: string): void => announcements.fault(code, message)
    this.#house = house
    this.address = identity.address
    this.own = new OwnRecord(identity, options.clock, {
      contents: () => this.contents.now(),
      changed: ({ record }) => {
        this.contents.told(record)
        this.exchange.ownChanged()
      },
      yields: options.contested === 'yield',
      failed: (error) =>
        fault('LINK_FAILED', `the member record cannot be signed: ${error instanceof Error ? error.message : String(error)}`),
    })
    this.contents = new OwnContents(options.clock, dispatcher.services, {
      plainHosts: () => this.plainSide.edge?.hosts() ?? [],
      review: ({ services, plainHosts }) => this.reachability.reviewOwn(services, plainHosts),
      tell: () => {
        this.plainSide.edge?.changed()
        this.own.touch()
      },
    })
    this.exchange = new RouteExchange(
      identity,
      options.clock,
      this.own,
      {
        changed: (address) => {
          this.reachability.review(address)
          if (this.exchange.table.get(address)?.nextHop) this.waiting.routed(address)
          this.#unproven.routed(address)
        },
        keptRecord: (address) => this.gossip.record(address),
        contested: () => events.emit('contested'),
        fault,
      },
      options.leaf,
    )
    this.reachability = new Reachability(this.address, this.exchange, {
      now: () => options.clock.now(),
      destination: (address, state) => this.#changed(() => events.emit('destination', { address, state })),
      service: (change) => this.#changed(() => events.emit('service', change)),
      isProven: (record) => this.originator.endToEnd?.isProven(record) === true,
      isSilent: (address) => this.originator.endToEnd?.isSilent(address) === true,
    })
    this.plainSide = new PlainSide(
      {
        address: this.address,
        epoch: identity.epoch,
        clock: options.clock,
        ownServices: () => this.contents.services().filter(({ plain }) => plain !== false),
        visible: () => this.reachability.visibleToPlain(),
        wayTo: (address) => this.reachability.wayTo(address),
        isShared: (address, hopsMax) => this.reachability.isShared(address, hopsMax),
        hostsChanged: () => {
          this.contents.changed()
          this.plainSide.edge?.changed()
        },
        packet: (packet, from, link) => this.forwarder.fromPlain(packet, from, link),
        fault,
      },
      options.plain,
    )
    this.waiting = new WaitingPackets(options.clock)
    this.#unproven = new WaitingPackets(options.clock)
    const gossip = this.#newGossip(identity, options, house)
    this.gossip = gossip
    this.#kept = {
      get heldBytes() {
        return gossip.heldBytes
      },
      shed: () => {
        gossip.shed()
        options.clock.soon(() => this.#closed || memory.add(this.#kept))
      },
    }
    memory.add(this.#kept)
    const { exchange, reachability, plainSide, waiting } = this
    const replies = new PlainReplies({ address: this.address, contexts: dispatcher.contexts, exchange, reachability, plainSide })
    const common = { address: this.address, clock: options.clock, exchange, reachability, dispatcher, plainSide, replies, waiting, fault }
    this.originator = new Originator(common)
    this.forwarder = new Forwarder({ ...common, keyed, broadcasts: this.gossip, originator: this.originator })
    this.neighbourhood = new Neighbourhood({
      identity,
      memory,
      clock: options.clock,
      dice: options.dice,
      log: options.log ?? silentLog,
      plainNodes: options.plainNodes ?? 'accept',
      exchange,
      forwarder: this.forwarder,
      plainSide,
      gossip: this.gossip,
      record: () => this.own.bytes(),
      noticed: (notice) => events.emit('notice', notice),
      lost: (address) => events.emit('lost', { address }),
      fault,
    })
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

  #newGossip(identity: CapableIdentity, { clock, dice }: RouterOptions, house: RouterHouse): Gossip<LinkNeighbour> {
    const { exchange } = this
    const { announcements, dispatcher, receipt } = house
    return new Gossip<LinkNeighbour>({
      identity,
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
        fault: (code, message) => announcements.fault(code, message),
      },
    })
  }

  /** What happens while it closes is no news. */
  #changed(emit: () => void): void {
    if (this.#house.isClosed()) return
    if (!this.contents.reviewing) this.plainSide.edge?.changed()
    emit()
  }
}
