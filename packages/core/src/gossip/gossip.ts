// How what is said to all reaches all, each once: a payload runs along the branches of a tree over the capable links, other
// links hear of its id and pull it when it does not come (Plumtree), and who was away catches up. Every node on the way has the
// origin's record and drops, where it enters, what the origin did not sign (SE9); an id counts as seen only after that.

import type { MeshError } from '../errors/mesh-error.ts'
import { isMemberForm } from '../identity/address.ts'
import type { Receipt } from '../identity/receipt-proof.ts'
import type { ProvenRecord } from '../link/link-owner.ts'
import type { Clock } from '../ports/clock.ts'
import type { Awaitable } from '../ports/crypto.ts'
import type { Dice } from '../ports/dice.ts'
import type { BroadcastId, BroadcastLife, BroadcastRows, CounterRange, GossipMessage } from '../wire/gossip-control.ts'
import type { MeshPacketHeader } from '../wire/mesh-packet.ts'
import type { DecodedPacket, Packet } from '../wire/packet.ts'
import { idKey, lifeKey } from './broadcast-key.ts'
import { BroadcastIntake } from './broadcast-intake.ts'
import { passedOn, type Incoming, type ProvenBroadcast, type ProverIdentity } from './broadcast-prover.ts'
import { BroadcastSender } from './broadcast-sender.ts'
import { BroadcastStore, type KeptBroadcast } from './broadcast-store.ts'
import { CatchUp } from './catch-up.ts'
import { DeliveryOrder } from './delivery-order.ts'
import type { ClockQuestion } from './doubted-dates.ts'
import { Gaps } from './gaps.ts'
import {
  clockSlackMs,
  fleetingBytesMax,
  fleetingKeptMs,
  fleetingMax,
  heldBackMax,
  historiesMax,
  keptBytesMax,
  keptMax,
  keptMs,
  missingMax,
  ownTreesMax,
  receiptsWaitingMax,
  rememberedMax,
} from './gossip-limits.ts'
import type { GossipNeighbour } from './gossip-neighbour.ts'
import { Histories, type History } from './history.ts'
import type { Speaker } from './own-words.ts'
import { Receipts } from './receipts.ts'
import { TreeTraffic } from './tree-traffic.ts'

/** How a broadcast came to be delivered here. */
export interface BroadcastArrival {
  readonly id: BroadcastId
  readonly via: string
  /** Links that it crossed. */
  readonly hops: number
}

export interface GossipPort<N> {
  neighbours(): Iterable<N>
  /** Of this node's record as it is now. */
  epoch(): number
  /** It carries what others say. */
  passesOn(): boolean
  record(origin: string): ProvenRecord | undefined
  /** Calls `proven` when the record of `origin` is here, or `giveUp` when it does not come; `neighbour` may have it. */
  whenProven(origin: string, neighbour: N, settle: { proven: () => void; giveUp: () => void }): void
  deliver(packet: DecodedPacket, arrival: BroadcastArrival): void
  /** The way to a member. */
  nextHop(address: string): N | undefined
  /** Somebody has what this node said, which is proven. */
  receipt(receipt: Receipt): void
  fault(code: string, message: string): void
}

export interface GossipParts<N> {
  readonly identity: Speaker & ProverIdentity
  readonly clock: Clock
  readonly dice: Dice
  readonly port: GossipPort<N>
}

export interface GossipTableSize {
  readonly table:
    | 'broadcasts kept'
    | 'bytes of broadcasts kept'
    | 'fleeting broadcasts'
    | 'lives of broadcasts'
    | 'missing broadcasts'
    | 'broadcasts held back'
    | 'receipts'
    | 'trees of broadcasts'
  readonly size: number
  readonly max: number
}

export interface SayOptions {
  /** Kept by others for those who are away now. Default true. */
  readonly retain?: boolean | undefined
}

export class Gossip<N extends GossipNeighbour> {
  readonly #parts: GossipParts<N>
  readonly #port: GossipPort<N>
  readonly #neighbours = new Set<N>()
  readonly #kept = new BroadcastStore({ keptMs, countMax: keptMax, bytesMax: keptBytesMax })
  readonly #fleeting = new BroadcastStore({ keptMs: fleetingKeptMs, countMax: fleetingMax, bytesMax: fleetingBytesMax })
  readonly #histories = new Histories()
  readonly #sender: BroadcastSender
  readonly #intake: BroadcastIntake<N>
  readonly #traffic: TreeTraffic<N>
  readonly #catchUp: CatchUp<N>
  readonly #gaps: Gaps<N>
  readonly #order: DeliveryOrder
  /** Of origins of which something is kept: who catches up may not have met them. */
  readonly #records = new Map<string, ProvenRecord>()
  readonly #receipts: Receipts<N>

  constructor(parts: GossipParts<N>) {
    const { clock, dice, identity, port } = parts
    this.#parts = parts
    this.#port = port
    this.#order = new DeliveryOrder(clock)
    this.#sender = new BroadcastSender(parts, {
      epoch: () => port.epoch(),
      lowestOf: (life) => this.#kept.lowestOf(lifeKey(life)),
      neighbours: () => this.#neighbours,
      send: (id, said) => this.#send(id, said),
    })
    this.#intake = new BroadcastIntake(parts, {
      had: (id) => this.#had(id),
      record: (origin) => this.#recordOf(origin)?.record,
      whenProven: (origin, neighbour, settle) => port.whenProven(origin, neighbour, settle),
      accept: (neighbour, incoming, proven) => this.#accept(neighbour, incoming, proven),
      doubled: (neighbour, incoming) => this.#doubled(neighbour, incoming),
      fault: (code, message) => port.fault(code, message),
    })
    this.#traffic = new TreeTraffic(clock, {
      had: (id) => this.#had(id),
      find: (key) => this.#find(key),
      fault: (code, message) => port.fault(code, message),
    })
    this.#catchUp = new CatchUp(clock, dice, this.#kept, {
      neighbours: () => this.#neighbours,
      missing: (life, ranges) => this.#lacks(life, ranges),
    })
    this.#receipts = new Receipts(identity, clock, {
      nextHop: (address) => port.nextHop(address),
      record: (address) => port.record(address)?.record,
      whenProven: (address, neighbour, settle) => port.whenProven(address, neighbour, settle),
      taken: (receipt) => port.receipt(receipt),
      fault: (code, message) => port.fault(code, message),
    })
    this.#gaps = new Gaps(clock, dice, {
      neighbours: () => this.#neighbours,
      ask: (neighbour, life, ranges) => this.#catchUp.ask(neighbour, life, ranges),
    })
  }

  /** To every member: those that can be reached now, and those that are back while it is kept. TOO_LARGE, CLOSED, QUEUE_FULL. */
  say(packet: Packet, { retain = true }: SayOptions = {}): Awaitable<BroadcastId | MeshError> {
    return this.#sender.say(packet, !retain)
  }

  join(neighbour: N): void {
    this.#neighbours.add(neighbour)
    this.#traffic.join(neighbour)
    this.#catchUp.join(neighbour)
  }

  leave(neighbour: N): void {
    this.#neighbours.delete(neighbour)
    this.#traffic.leave(neighbour)
    this.#catchUp.leave(neighbour)
    this.#receipts.leave(neighbour)
  }

  /** How an origin is asked what its clock shows. */
  askClocks(question: ClockQuestion): void {
    this.#intake.askClocks(question)
  }

  /** Tells the origin that this node has these. */
  acknowledge(rows: BroadcastRows): void {
    this.#receipts.acknowledge(rows)
  }

  /** A copy that a neighbour handed over. */
  receive(neighbour: N, header: MeshPacketHeader, bytes: Uint8Array): void {
    this.#intake.receive(neighbour, header, bytes)
  }

  /** What a neighbour says about broadcasts. */
  control(neighbour: N, message: GossipMessage): void {
    if (!this.#neighbours.has(neighbour)) return
    switch (message.type) {
      case 'prune':
      case 'have':
      case 'graft':
        return this.#traffic.control(neighbour, message)
      case 'digest':
        return this.#catchUp.digest(neighbour, message)
      case 'holds':
        return this.#catchUp.holds(neighbour, message.rows)
      case 'want':
        return this.#catchUp.wanted(neighbour, message.rows)
      case 'receipts':
        return this.#receipts.receive(neighbour, message.receipts)
    }
  }

  /** What was delivered of what may still come again. */
  delivered(): BroadcastRows[] {
    return this.#histories.deliveredSince(this.#parts.clock.now() - keptMs - clockSlackMs, rememberedMax)
  }

  /** An earlier process of this address delivered these. */
  recall(rows: readonly BroadcastRows[]): void {
    for (const row of rows) this.#histories.heard(row, this.#parts.clock.now()).restore(row.ranges)
  }

  /** The record of an origin of which something is kept here, for who lacks it. */
  record(origin: string): ProvenRecord | undefined {
    return this.#records.get(origin)
  }

  /** How full the tables are that neighbours can fill. */
  sizes(): GossipTableSize[] {
    return [
      { table: 'broadcasts kept', size: this.#kept.size, max: keptMax },
      { table: 'bytes of broadcasts kept', size: this.#kept.bytes, max: keptBytesMax },
      { table: 'fleeting broadcasts', size: this.#fleeting.size, max: fleetingMax },
      { table: 'lives of broadcasts', size: this.#histories.size, max: historiesMax },
      { table: 'missing broadcasts', size: this.#traffic.missing, max: missingMax },
      { table: 'broadcasts held back', size: this.#order.held, max: heldBackMax + 1 },
      { table: 'receipts', size: this.#receipts.waiting, max: receiptsWaitingMax },
      { table: 'trees of broadcasts', size: this.#traffic.ownTrees, max: ownTreesMax },
    ]
  }

  /** What is kept for others, in bytes. */
  get heldBytes(): number {
    return this.#kept.bytes + this.#fleeting.bytes
  }

  /** Keeps nothing of it any more: there is no room. */
  shed(): void {
    this.#kept.clear()
    this.#fleeting.clear()
  }

  /** Called about once a second. */
  tick(now: number): void {
    this.#traffic.tick(now)
    this.#fleeting.expire(now)
    this.#kept.expire(now)
    this.#catchUp.expire(now)
    for (const origin of this.#records.keys()) if (!this.#kept.keepsOf(origin)) this.#records.delete(origin)
  }

  stop(): void {
    for (const part of [this.#sender, this.#intake, this.#traffic, this.#catchUp, this.#gaps, this.#order, this.#receipts]) part.stop()
  }

  #send(id: BroadcastId, said: { readonly tree: string; readonly packet: Uint8Array }): void {
    this.#histories.heard(id, this.#parts.clock.now()).add(id.counter)
    this.#traffic.spread(this.#keep(id, { ...said, hops: 0, from: '', ageMs: 0, repaired: false }), undefined)
  }

  #accept(neighbour: N, incoming: Incoming, proven: ProvenBroadcast): void {
    const { id, key, hops, ageMs } = incoming
    const known = this.#recordOf(id.origin)
    if (known && !id.fleeting) this.#records.set(id.origin, known)
    const history = this.#histories.heard(id, this.#parts.clock.now())
    history.add(id.counter)
    history.skipTo(proven.floor)
    const repaired = this.#traffic.had(key, neighbour)
    const kept = this.#keep(id, { tree: proven.tree, packet: passedOn(incoming), hops, from: neighbour.address, ageMs, repaired })
    if (incoming.late) this.#catchUp.came(id, neighbour)
    else {
      this.#traffic.came(kept, neighbour)
      if (this.#port.passesOn()) this.#traffic.spread(kept, neighbour)
    }
    this.#gaps.look(id, history, neighbour)
    this.#deliver(incoming, proven, { history, via: neighbour.address })
  }

  #deliver({ id, aln, hops, late }: Incoming, { body, floor }: ProvenBroadcast, { history, via }: { history: History; via: string }): void {
    if (body === undefined || id.origin === this.#parts.identity.address) return
    const deliver = (): void => this.#port.deliver({ ...aln, data: body }, { id, via, hops })
    // Nothing that was said before a fleeting one is to be had.
    if (id.fleeting) deliver()
    else this.#order.take(id, { history, floor, late, deliver })
  }

  #keep(
    id: BroadcastId,
    { ageMs, ...came }: Pick<KeptBroadcast, 'tree' | 'packet' | 'hops' | 'from' | 'repaired'> & { readonly ageMs: number },
  ): KeptBroadcast {
    const now = this.#parts.clock.now()
    const kept: KeptBroadcast = { ...came, id, key: idKey(id), saidAt: now - ageMs }
    this.#traffic.keeps(kept)
    ;(id.fleeting ? this.#fleeting : this.#kept).add(kept)
    return kept
  }

  /** The same once more. What was asked for because it was missed says nothing about the tree. */
  #doubled(neighbour: N, incoming: Incoming): void {
    if (!incoming.late) this.#traffic.doubled(neighbour, incoming)
  }

  #lacks(life: BroadcastLife, ranges: readonly CounterRange[]): readonly CounterRange[] {
    if (life.fleeting || !isMemberForm(life.origin)) return []
    return this.#histories.get(life)?.missing(ranges) ?? ranges
  }

  #find(key: string): KeptBroadcast | undefined {
    return this.#kept.get(key) ?? this.#fleeting.get(key)
  }

  #had(id: BroadcastId): boolean {
    return this.#histories.get(id)?.has(id.counter) === true
  }

  #recordOf(origin: string): ProvenRecord | undefined {
    return this.#port.record(origin) ?? this.#records.get(origin)
  }
}
