// How what is said to all reaches all, each once: a payload runs along the branches of a tree over the capable links, other
// links hear of its id and pull it when it does not come (Plumtree), and who was away catches up. Every node on the way has the
// origin's record and drops, where it enters, what the origin did not sign (SE9); an id counts as seen only after that.

import { OrderedQueue } from '../async/ordered-queue.ts'
import { run, type Steps } from '../async/awaitable.ts'
import { MeshError } from '../errors/mesh-error.ts'
import { isMemberForm } from '../identity/address.ts'
import type { Receipt } from '../identity/receipt-proof.ts'
import type { ProvenRecord } from '../link/link-owner.ts'
import { TokenBucket } from '../link/token-bucket.ts'
import type { Clock } from '../ports/clock.ts'
import type { Awaitable } from '../ports/crypto.ts'
import type { Dice } from '../ports/dice.ts'
import type { BroadcastId, BroadcastLife, BroadcastRows, CounterRange, GossipMessage } from '../wire/gossip-control.ts'
import { encodeMeshPacket, hopLimitStart, type MeshPacketHeader } from '../wire/mesh-packet.ts'
import type { DecodedPacket, Packet } from '../wire/packet.ts'
import { encodePacket } from '../wire/packet-codec.ts'
import { isWireFault } from '../wire/wire-fault.ts'
import { idKey, lifeKey } from './broadcast-key.ts'
import { BroadcastProver, passedOn, readIncoming, type BroadcastSigner, type Incoming, type ProvenBroadcast, type ProverIdentity } from './broadcast-prover.ts'
import { BroadcastStore, type KeptBroadcast } from './broadcast-store.ts'
import { CatchUp } from './catch-up.ts'
import { DeliveryOrder } from './delivery-order.ts'
import { DoubtedDates, type ClockQuestion } from './doubted-dates.ts'
import { Gaps } from './gaps.ts'
import {
  broadcastsWaitingMax,
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
  ownBytesAtOnce,
  ownBytesPerSecond,
  ownTreesMax,
  receiptsWaitingMax,
  rememberedMax,
} from './gossip-limits.ts'
import type { GossipNeighbour } from './gossip-neighbour.ts'
import { Histories } from './history.ts'
import { OwnWords, type Speaker } from './own-words.ts'
import { Receipts } from './receipts.ts'
import { TreeTraffic } from './tree-traffic.ts'
import { sharedTree } from './trees.ts'

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
  readonly #traffic: TreeTraffic<N>
  readonly #catchUp: CatchUp<N>
  readonly #gaps: Gaps<N>
  readonly #order: DeliveryOrder
  readonly #words: OwnWords
  readonly #prover: BroadcastProver
  /** In the order of the calls, also where signing takes a while. */
  readonly #leaving = new OrderedQueue(broadcastsWaitingMax)
  readonly #entering = new OrderedQueue(broadcastsWaitingMax)
  /** What is being verified, by id: the same bytes once more are not verified again. */
  readonly #proving = new Map<string, Uint8Array>()
  /** Of origins of which something is kept: who catches up may not have met them. */
  readonly #records = new Map<string, ProvenRecord>()
  readonly #receipts: Receipts<N>
  readonly #dates: DoubtedDates
  readonly #allowed: TokenBucket
  #stopped = false

  constructor(parts: GossipParts<N>) {
    const { clock, dice, identity, port } = parts
    this.#parts = parts
    this.#port = port
    this.#allowed = new TokenBucket(ownBytesPerSecond, ownBytesAtOnce, clock.now())
    this.#order = new DeliveryOrder(clock)
    this.#dates = new DoubtedDates(clock, dice)
    this.#words = new OwnWords(identity, clock, dice)
    this.#prover = new BroadcastProver(identity, () => clock.wallTime(), (code, message) => port.fault(code, message))
    this.#traffic = new TreeTraffic(clock, dice, {
      had: (id) => this.#histories.get(id)?.has(id.counter) === true,
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
    let answer: Awaitable<BroadcastId | MeshError> | undefined
    let settle: ((answer: Awaitable<BroadcastId | MeshError>) => void) | undefined
    const taken = this.#leaving.push(() => {
      answer = run(this.#saySteps(packet, !retain))
      settle?.(answer)
      return answer instanceof Promise ? answer.then(() => {}) : undefined
    })
    if (!taken) return new MeshError('QUEUE_FULL', `more than ${broadcastsWaitingMax} broadcasts wait to be signed`)
    return answer ?? new Promise((resolve) => (settle = resolve))
  }

  join(neighbour: N): void {
    this.#neighbours.add(neighbour)
    this.#traffic.join(neighbour)
    this.#catchUp.join(neighbour)
  }

  leave(neighbour: N): void {
    if (!this.#neighbours.delete(neighbour)) return
    this.#traffic.leave(neighbour)
    this.#catchUp.leave(neighbour)
    this.#receipts.leave(neighbour)
  }

  /** How an origin is asked what its clock shows. */
  askClocks(question: ClockQuestion): void {
    this.#dates.question = question
  }

  /** Tells the origin that this node has these. */
  acknowledge(rows: BroadcastRows): void {
    this.#receipts.acknowledge(rows)
  }

  /** A copy that a neighbour handed over. */
  receive(neighbour: N, header: MeshPacketHeader, bytes: Uint8Array): void {
    if (!isMemberForm(header.source)) return
    const incoming = readIncoming(header, bytes, neighbour.address)
    if (isWireFault(incoming)) return this.#port.fault(incoming.code, `${neighbour.address}: ${incoming.detail}`)
    const { id, key } = incoming
    if (this.#histories.get(id)?.has(id.counter)) return this.#doubled(neighbour, incoming)
    this.#proveLater(neighbour, incoming, key)
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
    this.#stopped = true
    this.#entering.clear()
    for (const part of [this.#traffic, this.#catchUp, this.#gaps, this.#order, this.#receipts, this.#dates]) part.stop()
  }

  *#saySteps(packet: Packet, fleeting: boolean): Steps<BroadcastId | MeshError> {
    try {
      const { address } = this.#parts.identity
      const body = typeof packet.data === 'string' ? new TextEncoder().encode(packet.data) : (packet.data ?? new Uint8Array(0))
      const links = [...this.#neighbours]
      if (links.length > 0 && links.every(({ link }) => link.full)) {
        return new MeshError('QUEUE_FULL', `${links[0]?.address} does not take packets fast enough, and there is no other link`)
      }
      if (!this.#allowed.take(body.length, this.#parts.clock.now())) {
        return new MeshError('QUEUE_FULL', `more than ${ownBytesPerSecond} bytes in a second are said to all`)
      }
      const words = { service: packet.service ?? '', body, fleeting }
      const lowest = (epoch: number): number | undefined => this.#kept.lowestOf(lifeKey({ origin: address, epoch, fleeting }))
      const said = yield* this.#words.say(words, { epoch: this.#port.epoch(), lowest })
      if (said instanceof MeshError) return said
      if (this.#stopped) return new MeshError('CLOSED', 'the router is closed')
      const { head, data } = said
      const aln = encodePacket({ ...packet, srcAddr: address, destAddr: undefined, nextAddr: undefined, data })
      const bytes = encodeMeshPacket({ hopLimit: hopLimitStart, broadcast: true }, aln).slice()
      const id = { origin: address, epoch: head.epoch, fleeting, counter: head.counter }
      this.#histories.heard(id, this.#parts.clock.now()).add(id.counter)
      this.#traffic.spread(this.#keep(id, { tree: head.ownTree ? address : sharedTree, packet: bytes, hops: 0, from: '', ageMs: 0, repaired: false }), undefined)
      return id
    } catch (error) {
      // A packet that no wire can carry is found out when it is encoded; a key store may fail.
      return error instanceof MeshError
        ? error
        : new MeshError('LINK_FAILED', `a broadcast cannot be signed: ${String(error)}`, { cause: error })
    }
  }

  /** Now, or when the record of its origin is here: a newcomer's first words may be faster than its proof. */
  #proveLater(neighbour: N, incoming: Incoming, key: string): void {
    const { origin } = incoming.id
    const { identity } = this.#parts
    // What this address said in an earlier life is passed on as everybody's.
    const own = { network: identity.network, publicKey: identity.keyPair.publicKey }
    const record = (): BroadcastSigner | undefined => (origin === identity.address ? own : (this.#port.record(origin) ?? this.#records.get(origin))?.record)
    const known = record()
    if (known) return this.#prove(neighbour, incoming, known, key)
    const giveUp = (): void => this.#port.fault('UNPROVEN', `${neighbour.address} hands over a broadcast of ${origin}, of whom there is no proof`)
    const proven = (): void => {
      const found = record()
      if (found) this.#prove(neighbour, incoming, found, key)
      else giveUp()
    }
    this.#port.whenProven(origin, neighbour, { proven, giveUp })
  }

  #prove(neighbour: N, incoming: Incoming, record: BroadcastSigner, key: string): void {
    const same = this.#proving.get(key)
    if (same && sameBytes(same, incoming.data)) return this.#doubled(neighbour, incoming)
    const { fault } = this.#port
    const steps = this.#proveSteps.bind(this)
    const over = (): void => void this.#proving.delete(key)
    const taken = this.#entering.push(() => {
      this.#proving.set(key, incoming.data)
      const proven = run(steps(neighbour, incoming, record))
      if (!(proven instanceof Promise)) return over()
      return proven.catch((error: unknown) => fault('LINK_FAILED', `a broadcast cannot be verified: ${String(error)}`)).then(over)
    })
    if (!taken) fault('QUEUE_FULL', `more than ${broadcastsWaitingMax} broadcasts wait to be verified`)
  }

  *#proveSteps(neighbour: N, incoming: Incoming, record: BroadcastSigner): Steps<void> {
    const { id, key } = incoming
    // It may have come by another way while it waited.
    if (this.#histories.get(id)?.has(id.counter)) return this.#doubled(neighbour, incoming)
    const proven = yield* this.#prover.prove(incoming, record, this.#dates.aheadMs(id))
    if (proven === undefined || this.#stopped) return
    if (proven === 'stale') return this.#doubt(neighbour, incoming, record)
    const known = this.#port.record(id.origin) ?? this.#records.get(id.origin)
    if (known && !id.fleeting) this.#records.set(id.origin, known)
    const history = this.#histories.heard(id, this.#parts.clock.now())
    if (!history.add(id.counter)) return this.#doubled(neighbour, incoming)
    history.skipTo(proven.floor)
    const repaired = this.#traffic.had(key, neighbour)
    this.#catchUp.had(key)
    const { hops, ageMs } = incoming
    const kept = this.#keep(id, { tree: proven.tree, packet: passedOn(incoming), hops, from: neighbour.address, ageMs, repaired })
    if (incoming.late) this.#catchUp.came(id, neighbour)
    else {
      this.#traffic.cameAlong(kept.tree, neighbour)
      if (this.#port.passesOn()) this.#traffic.spread(kept, neighbour)
    }
    if (!id.fleeting) this.#gaps.look(id, history, neighbour)
    this.#deliver(incoming, proven, neighbour.address)
  }

  /** By one of two clocks it is of another time. */
  #doubt(neighbour: N, incoming: Incoming, record: BroadcastSigner): void {
    const { id, key, said } = incoming
    this.#dates.ask(id, {
      known: () => this.#prove(neighbour, incoming, record, key),
      giveUp: () => this.#port.fault('STALE', `${neighbour.address} hands over what ${id.origin} said at ${new Date(said.saidAt).toISOString()}`),
    })
  }

  #deliver({ id, aln, hops }: Incoming, { body, floor }: ProvenBroadcast, via: string): void {
    if (body === undefined || id.origin === this.#parts.identity.address) return
    const history = this.#histories.heard(id, this.#parts.clock.now())
    const deliver = (): void => this.#port.deliver({ ...aln, data: body }, { id, via, hops })
    if (!id.fleeting) return this.#order.take(id, { history, floor, deliver })
    // A fleeting one that was overtaken is old news.
    if (id.counter < history.next) return
    history.next = id.counter + 1
    deliver()
  }

  #keep(id: BroadcastId, { ageMs, ...came }: Pick<KeptBroadcast, 'tree' | 'packet' | 'hops' | 'from' | 'repaired'> & { readonly ageMs: number }): KeptBroadcast {
    const now = this.#parts.clock.now()
    const kept: KeptBroadcast = { ...came, id, key: idKey(id), saidAt: now - ageMs }
    this.#traffic.keeps(kept)
    ;(id.fleeting ? this.#fleeting : this.#kept).add(kept)
    return kept
  }

  /** The same once more. What was asked for because it was missed says nothing about the tree. */
  #doubled(neighbour: N, { key, late, tree }: Incoming): void {
    if (!late) this.#traffic.doubled(neighbour, key, tree)
  }

  #lacks(life: BroadcastLife, ranges: readonly CounterRange[]): readonly CounterRange[] {
    if (life.fleeting || !isMemberForm(life.origin)) return []
    return this.#histories.get(life)?.missing(ranges) ?? ranges
  }

  #find(key: string): KeptBroadcast | undefined {
    return this.#kept.get(key) ?? this.#fleeting.get(key)
  }
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at])
}
