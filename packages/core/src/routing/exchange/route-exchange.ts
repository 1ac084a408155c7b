// What capable neighbours tell each other about who is where, and what is made of it: entries are proven (route-intake.ts),
// then they change the table, then the change is told on (route-teller.ts) and what is missing is asked for (wants.ts).
// Everything here is synchronous and sees only verified facts.

import type { MemberRecord } from '../../identity/member-record.ts'
import type { ProvenRecord } from '../../link/link-owner.ts'
import { TokenBucket } from '../../async/token-bucket.ts'
import type { Clock } from '../../ports/clock.ts'
import type { ControlMessage, Digest } from '../../wire/control.ts'
import type { GossipMessage } from '../../wire/gossip-control.ts'
import type { CapableIdentity } from '../capable-identity.ts'
import { DigestWatch } from './digest-watch.ts'
import { costInfinite } from '../link-cost.ts'
import type { LinkNeighbour } from '../link-neighbour.ts'
import type { Origin } from '../table/origin.ts'
import type { OwnRecord } from '../own-record.ts'
import { unprovenMax } from './proofs.ts'
import { forwardedMax, Requests } from './requests.ts'
import { leafRowsMax, Leafness } from './leafness.ts'
import { tagOf } from './rivals.ts'
import { RouteIntake } from './route-intake.ts'
import { RouteTable, type Change } from '../table/route-table.ts'
import { dumpEveryMs, RouteTeller } from './route-teller.ts'
import type { TableSize } from '../table/table-sizes.ts'
import { Wants } from './wants.ts'

/** Origins that one node keeps routes to; more are refused and counted. */
export const originsMax = 20_000
/** Records of nobody that there is a route to, asked for in a second, and at once. */
const borrowedPerSecond = 50
const borrowedAtOnce = 256
/** An origin without routes is remembered this long, so that an old advert cannot come back as news. */
const rememberLostMs = 180_000

/** What is about routes. */
type RouteMessage = Exclude<ControlMessage, GossipMessage | { type: 'records' | 'ping' | 'pong' | 'notice' | 'pace' }>

export interface RouteExchangePort {
  /** Another process has this address, and this one gives way. */
  contested(): void
  /** The route to an origin, or what its record says, is different now. */
  changed(address: string): void
  /** Of somebody there may be no route to any more, and of whom something is kept here. */
  keptRecord(address: string): ProvenRecord | undefined
  fault(code: string, message: string): void
}

export class RouteExchange {
  readonly table: RouteTable<LinkNeighbour>
  readonly #identity: CapableIdentity
  readonly #clock: Clock
  readonly #own: OwnRecord
  readonly #port: RouteExchangePort
  readonly #neighbours = new Map<LinkNeighbour, DigestWatch>()
  /** By address; the one that joined last stands at the end. */
  readonly #linksTo = new Map<string, readonly LinkNeighbour[]>()
  /** Who was told to be a neighbour. */
  readonly #linked = new Set<string>()
  readonly #teller: RouteTeller
  readonly #intake: RouteIntake
  readonly #leafness: Leafness
  readonly #requests: Requests<LinkNeighbour>
  readonly #wants: Wants<LinkNeighbour>
  readonly #borrowing: TokenBucket
  #refreshedAt = Number.NEGATIVE_INFINITY

  /** `leaf`: it carries nothing for others, whatever its links are. */
  constructor(identity: CapableIdentity, clock: Clock, own: OwnRecord, port: RouteExchangePort, leaf = false) {
    this.table = new RouteTable(originsMax, () => clock.now())
    this.#identity = identity
    this.#clock = clock
    this.#own = own
    this.#port = port
    this.#borrowing = new TokenBucket(borrowedPerSecond, borrowedAtOnce, clock.now())
    const tag = identity.kind === 'named' ? tagOf(identity.keyPair.publicKey) : undefined
    const self = { destination: identity.address, metric: 0, hops: 0, ...(tag === undefined ? {} : { tag }) }
    this.#teller = new RouteTeller(
      clock,
      this.table,
      () => ({ ...self, seq48: own.seq48 }),
      (address) => this.#intake.tagOf(address),
    )
    this.#leafness = new Leafness(identity.kind, leaf, {
      neighbours: () => this.#neighbours.keys(),
      changed: () => this.#teller.setStub(this.#leafness.isStub),
    })
    if (leaf) this.#teller.setStub(true)
    this.#intake = new RouteIntake(identity, clock, own, this.table, {
      isNeighbour: (neighbour) => this.#neighbours.has(neighbour),
      neighbours: () => this.#neighbours.keys(),
      neighboursAt: (address) => this.#linksTo.get(address) ?? [],
      contested: () => port.contested(),
      born: (address) => this.#teller.born(address),
      selected: (change, known) => this.#selected(change, known),
      renewed: (address) => port.changed(address),
      free: (address) => {
        const origin = this.table.get(address)
        if (origin) this.#forgetOrigin(origin)
      },
      kept: (address) => port.keptRecord(address),
      fault: (code, message) => port.fault(code, message),
    })
    const ask = (neighbour: LinkNeighbour, destination: string, seq48: number, hops: number): void => {
      this.#intake.expect(neighbour, destination)
      neighbour.link.sendControl({ type: 'request', destination, seq48, hops })
    }
    this.#wants = new Wants(clock, this.table, { ask })
    this.#requests = new Requests(clock, this.table, {
      address: identity.address,
      ownSeq48: () => own.seq48,
      raiseOwn: (seq48) => own.raise(seq48),
      ask,
      proven: (destination) => this.#intake.provenSeq48(destination),
      pull: (neighbour, destination, seq48) => this.#intake.pull(neighbour, destination, seq48),
      tooMany: ({ address }) => port.fault('CONTROL_FLOOD', `${address} asks for more newer numbers than anybody needs`),
      answer: (neighbour, destination) =>
        this.#neighbours.has(neighbour) && this.#teller.answer(neighbour, destination, this.#intake.proof(destination)?.bytes),
    })
  }

  neighbours(): IterableIterator<LinkNeighbour> {
    return this.#neighbours.keys()
  }

  /** A link that ends at this node and is one of the ways to it, whether packets take it or another that is quicker. */
  linkTo(address: string): LinkNeighbour | undefined {
    const origin = this.table.get(address)
    return this.#linksTo.get(address)?.findLast((neighbour) => neighbour.cost < costInfinite && origin?.hasRouteOf(neighbour))
  }

  /** What is known of an origin; undefined of this node itself. */
  record(address: string): ProvenRecord | undefined {
    return address === this.#identity.address ? undefined : this.#intake.proof(address)
  }

  isTaken(proof: ProvenRecord): boolean {
    return this.#intake.isTaken(proof)
  }

  awaitsProof(address: string): boolean {
    return this.#intake.awaitsProof(address)
  }

  /** Asks for the record of somebody that this node was not told of: a leaf is told of few, and nobody of who is gone. */
  borrow(neighbour: LinkNeighbour, address: string): void {
    if (this.#neighbours.has(neighbour) && this.#borrowing.take(1, this.#clock.now())) this.#intake.borrow(neighbour, address)
  }

  join(neighbour: LinkNeighbour, proof: ProvenRecord): void {
    this.#neighbours.set(neighbour, new DigestWatch())
    this.#setLinksTo(neighbour.address, (this.#linksTo.get(neighbour.address) ?? []).concat(neighbour))
    this.#intake.join(neighbour, proof)
    // Most who join a relay are leaves, and say so at once: they shall not be told first what they do not want.
    this.#teller.join(neighbour, this.#identity.kind === 'relay' && neighbour.kind === 'member' ? leafRowsMax : 0)
    this.#leafness.review()
  }

  leave(neighbour: LinkNeighbour): void {
    if (!this.#neighbours.delete(neighbour)) return
    this.#setLinksTo(neighbour.address, this.#linksTo.get(neighbour.address)?.filter((other) => other !== neighbour) ?? [])
    this.#teller.leave(neighbour)
    this.#intake.leave(neighbour)
    this.#requests.leave(neighbour)
    this.#leafness.leave(neighbour)
    for (const change of this.table.drop(neighbour)) this.#selected(this.#intake.weighed(change))
    // A neighbour that never said where it is leaves nothing behind.
    if (!this.table.get(neighbour.address)) this.#intake.forget(neighbour.address)
  }

  receive(neighbour: LinkNeighbour, message: RouteMessage): void {
    switch (message.type) {
      case 'routes':
        return this.#intake.routes(neighbour, message.entries, message.complete)
      case 'pull':
        return this.#intake.pulled(neighbour, message.wanted)
      case 'request':
        return this.#requests.received(neighbour, message.destination, message.seq48, message.hops)
      case 'refresh':
        this.#teller.dump(neighbour)
        return
      case 'closing':
        return this.retire(neighbour)
      case 'rows':
        if (this.#identity.kind === 'relay') this.#teller.setRows(neighbour, message.max)
        return
      case 'more':
        return this.#leafness.more(neighbour, message.more)
    }
  }

  /** A member that wants few rows of this relay and knows of nobody but itself: nothing of others comes from it (SE16). */
  isLeaf(neighbour: LinkNeighbour): boolean {
    if (this.#identity.kind !== 'relay' || neighbour.kind !== 'member') return false
    return this.table.digest.keptCount(neighbour) <= 1 && this.#teller.rowsMax(neighbour) > 0
  }

  /** It tells nobody of others, and passes on nothing (R14). */
  get isStub(): boolean {
    return this.#leafness.isStub
  }

  /** Where packets for unknown members go. */
  get defaultRelay(): LinkNeighbour | undefined {
    return this.#leafness.defaultRelay
  }

  /** What the neighbour knows once everything given to its link so far has arrived (R10). */
  told(neighbour: LinkNeighbour): Digest {
    return this.#teller.digest(neighbour)
  }

  /** What the neighbour says that it told: when that is not what was heard, twice in a row, it is asked for everything (R10). */
  heard(neighbour: LinkNeighbour, told: Digest): void {
    const heard = this.#intake.heard(neighbour)
    if (!this.#neighbours.get(neighbour)?.compare(told, heard, this.#clock.now())) return
    this.#port.fault(
      'ROUTES_DIFFER',
      `${neighbour.address} told ${told.count} routes, ${heard.count} were heard or they differ: asked again`,
    )
    neighbour.link.sendControl({ type: 'refresh' })
  }

  /** Whether a record, unverified, is worth verifying. */
  expects(neighbour: LinkNeighbour, claimed: MemberRecord): boolean {
    return this.#intake.expects(neighbour, claimed)
  }

  records(neighbour: LinkNeighbour, proofs: readonly ProvenRecord[]): void {
    this.#intake.records(neighbour, proofs)
    for (const { record } of proofs) this.#requests.shown(record.address)
  }

  /** A neighbour says that it goes; `neighbour`: unless its link has ended by now. */
  left(neighbour: LinkNeighbour | undefined, proof: ProvenRecord): void {
    this.#intake.left(neighbour, proof)
  }

  /** Every neighbour is asked for all that it tells, once more; none of them more often than it answers. Gives how many. */
  refresh(): number {
    const now = this.#clock.now()
    if (now - this.#refreshedAt < dumpEveryMs) return 0
    this.#refreshedAt = now
    for (const { link } of this.#neighbours.keys()) link.sendControl({ type: 'refresh' })
    return this.#neighbours.size
  }

  /** This node goes: everybody shall know at once (R11). */
  farewell(): void {
    const leave = this.#own.leave
    if (leave) for (const { link } of this.#neighbours.keys()) link.sendLeave(leave)
  }

  /** Its link closes soon: other ways are taken, and asked for, while it still carries packets (R12). */
  retire(neighbour: LinkNeighbour): void {
    neighbour.retiring = true
    this.#reselect(neighbour)
  }

  /** For an origin behind this neighbour another way is being asked for, and it is not there yet. */
  awaitsRelief(neighbour: LinkNeighbour): boolean {
    return Array.from(this.table.all()).some(({ address, nextHop }) => nextHop === neighbour && this.#wants.has(address))
  }

  /** The cost of a link is another. */
  recost(neighbour: LinkNeighbour, cost: number): void {
    neighbour.cost = cost
    this.#reselect(neighbour)
  }

  #reselect(neighbour: LinkNeighbour): void {
    for (const change of this.table.reselect(neighbour)) this.#selected(this.#intake.weighed(change))
  }

  /** Entries that wait for their proof, of the neighbour that has most of them. */
  get unproven(): number {
    return this.#intake.unprovenCount
  }

  sizes(): TableSize[] {
    const { size } = this.table
    return [
      { table: 'origins', size, max: originsMax },
      { table: 'records', size: this.#intake.recordCount, max: originsMax + this.#neighbours.size },
      { table: 'unproven', size: this.#intake.unprovenCount, max: unprovenMax },
      { table: 'wants', size: this.#wants.size, max: originsMax },
      { table: 'asked', size: this.#requests.size, max: forwardedMax },
    ]
  }

  /** This node's own record was signed anew. */
  ownChanged(): void {
    this.#requests.raised()
    this.#teller.ownChanged()
  }

  tick(now: number): void {
    this.#requests.tick(now)
    for (const change of this.table.settle()) this.#selected(this.#intake.weighed(change))
    for (const [origin, lostAt] of [...this.table.lost()]) {
      if (this.#intake.isClaimed(origin.address)) this.#free(origin.address)
      else if (now - lostAt >= rememberLostMs) this.#forgetOrigin(origin)
    }
  }

  stop(): void {
    this.#teller.stop()
    this.#intake.stop()
    this.#wants.stop()
  }

  #setLinksTo(address: string, links: readonly LinkNeighbour[]): void {
    if (links.length > 0) this.#linksTo.set(address, links)
    else this.#linksTo.delete(address)
  }

  /** It is a neighbour now, or none any more. */
  #reachedAnew(address: string): boolean {
    const was = this.#linked.delete(address)
    const is = this.linkTo(address) !== undefined
    if (is) this.#linked.add(address)
    return was !== is
  }

  #selected(change: Change<LinkNeighbour>, known = false): void {
    const { origin, selection } = change
    origin.lostAt = origin.routeCount > 0 ? undefined : (origin.lostAt ?? this.#clock.now())
    if (known) this.#teller.gone(origin.address)
    else this.#teller.changed(change)
    if (this.#reachedAnew(origin.address) || selection !== 'same') this.#port.changed(origin.address)
    this.#requests.review(origin)
    this.#wants.review(origin)
    // Later: whoever tells of a change may be in the middle of the table.
    if (selection === 'lost' && this.#intake.isClaimed(origin.address)) this.#clock.soon(() => this.#free(origin.address))
  }

  /** The node that had a name is gone, and another one is known that has it. */
  #free(address: string): void {
    if (this.table.get(address)?.routeCount === 0) this.#intake.freed(address)
  }

  #forgetOrigin(origin: Origin<LinkNeighbour>): void {
    this.table.forget(origin)
    this.#teller.forgotten(origin.address)
    this.#intake.forget(origin.address)
  }
}
