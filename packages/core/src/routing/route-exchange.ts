// What capable neighbours tell each other about who is where, and what is made of it: entries are proven, then they
// change the table, then the change is told on. Everything here is synchronous and sees only verified facts.

import { recordMismatch } from '../identity/member-record.ts'
import type { Link } from '../link/link.ts'
import type { ProvenRecord } from '../link/link-owner.ts'
import type { Clock } from '../ports/clock.ts'
import { metricInfinite, type ControlMessage, type Digest, type RouteEntry } from '../wire/control.ts'
import type { CapableIdentity } from './capable-identity.ts'
import { DigestWatch } from './digest-watch.ts'
import type { OwnRecord } from './own-record.ts'
import { Proofs, pullsMax } from './proofs.ts'
import { Requests } from './requests.ts'
import { RouteTable, type Change, type Neighbour } from './route-table.ts'
import { RouteTeller } from './route-teller.ts'
import { Wants } from './wants.ts'

/** Origins that one node keeps routes to; more are refused and counted. */
export const originsMax = 20_000
/** An origin without routes is remembered this long, so that an old advert cannot come back as news. */
const rememberLostMs = 180_000

export interface LinkNeighbour extends Neighbour {
  readonly link: Link
  readonly kind: 'member' | 'relay' | 'plain'
  /** The record of the handshake: which process is at the other end. */
  readonly proof: ProvenRecord
}

export interface RouteExchangePort {
  /** The route to an origin, or what its record says, is different now. */
  changed(address: string): void
  /** Somebody else signs with this node's key and address, under a greater number. */
  impostor(seq48: number): void
  fault(code: string, message: string): void
}

export class RouteExchange {
  readonly table: RouteTable<LinkNeighbour> = new RouteTable(originsMax)
  readonly #identity: CapableIdentity
  readonly #clock: Clock
  readonly #own: OwnRecord
  readonly #port: RouteExchangePort
  readonly #neighbours = new Map<LinkNeighbour, DigestWatch>()
  readonly #teller: RouteTeller
  readonly #proofs: Proofs<LinkNeighbour>
  readonly #requests: Requests<LinkNeighbour>
  readonly #wants: Wants<LinkNeighbour>
  /** From this number on an origin says something new; told on once the selected route carries it. */
  readonly #newsAt = new Map<string, number>()

  constructor(identity: CapableIdentity, clock: Clock, own: OwnRecord, port: RouteExchangePort) {
    this.#identity = identity
    this.#clock = clock
    this.#own = own
    this.#port = port
    this.#teller = new RouteTeller(clock, this.table, () => ({ destination: identity.address, seq48: own.seq48, metric: 0, hops: 0 }))
    this.#proofs = new Proofs(clock, {
      pull: (neighbour, wanted) => neighbour.link.sendControl({ type: 'pull', wanted }),
      dropped: (neighbour, address) => port.fault('UNPROVEN', `${neighbour.address} did not prove its route to ${address}`),
    })
    const ask = (neighbour: LinkNeighbour, destination: string, seq48: number, hops: number): void => {
      this.#proofs.expect(neighbour, destination)
      neighbour.link.sendControl({ type: 'request', destination, seq48, hops })
    }
    this.#wants = new Wants(clock, this.table, { ask })
    this.#requests = new Requests(clock, this.table, {
      address: identity.address,
      ownSeq48: () => own.seq48,
      raiseOwn: (seq48) => own.raise(seq48),
      ask,
      answer: (neighbour, destination) =>
        this.#neighbours.has(neighbour) && this.#teller.answer(neighbour, destination, this.#proof(destination)?.bytes),
    })
  }

  neighbours(): IterableIterator<LinkNeighbour> {
    return this.#neighbours.keys()
  }

  record(address: string): ProvenRecord | undefined {
    return this.#proofs.record(address)
  }

  /** Another node has this name and can be reached. Free-form names only: a member's address follows from its key. */
  isTaken(proof: ProvenRecord): boolean {
    const { address, publicKey } = proof.record
    const known = this.table.get(address)?.selected && this.#proofs.record(address)?.record
    return known !== undefined && known.publicKey.some((byte, index) => byte !== publicKey[index])
  }

  /** A route that is not proven yet. */
  awaitsProof(address: string): boolean {
    return this.#proofs.awaits(address)
  }

  join(neighbour: LinkNeighbour, proof: ProvenRecord): void {
    this.#neighbours.set(neighbour, new DigestWatch())
    // It signed a greater number in an earlier life, whose clock ran ahead: without it, nobody would believe it again.
    const later = this.#proofs.record(neighbour.address)
    if (later && later.record.seq48 > proof.record.seq48) neighbour.link.sendControl({ type: 'records', records: [later.bytes] })
    this.#applyAll(this.#keep(proof))
    this.#teller.join(neighbour)
  }

  leave(neighbour: LinkNeighbour): void {
    if (!this.#neighbours.delete(neighbour)) return
    this.#teller.leave(neighbour)
    this.#proofs.leave(neighbour)
    this.#requests.leave(neighbour)
    for (const change of this.table.drop(neighbour)) this.#selected(change)
    // A neighbour that never said where it is leaves nothing behind.
    if (!this.table.get(neighbour.address)) this.#forget(neighbour.address)
  }

  receive(neighbour: LinkNeighbour, message: Exclude<ControlMessage, { type: 'records' | 'ping' | 'pong' | 'notice' }>): void {
    switch (message.type) {
      case 'routes':
        if (message.complete) this.#withdrawAbsent(neighbour, message.entries)
        for (const entry of message.entries) this.#entry(neighbour, entry)
        return
      case 'pull':
        return this.#pulled(neighbour, message.wanted)
      case 'request':
        return this.#requests.received(neighbour, message.destination, message.seq48, message.hops)
      case 'refresh':
        this.#teller.dump(neighbour)
    }
  }

  /** What the neighbour knows once everything given to its link so far has arrived (R10). */
  told(neighbour: LinkNeighbour): Digest {
    return this.#teller.digest(neighbour)
  }

  /** What the neighbour says that it told: when that is not what was heard, twice in a row, it is asked for everything (R10). */
  heard(neighbour: LinkNeighbour, told: Digest): void {
    const heard = this.table.digest.kept(neighbour)
    this.#proofs.addHeld(neighbour, heard, (address) => this.table.get(address)?.routes.get(neighbour))
    if (!this.#neighbours.get(neighbour)?.compare(told, heard, this.#clock.now())) return
    this.#port.fault('ROUTES_DIFFER', `${neighbour.address} told ${told.count} routes, ${heard.count} were heard or they differ: asked again`)
    neighbour.link.sendControl({ type: 'refresh' })
  }

  records(neighbour: LinkNeighbour, proofs: readonly ProvenRecord[]): void {
    for (const proof of proofs) {
      const { record } = proof
      const mismatch = recordMismatch(this.#identity, record)
      if (mismatch) {
        this.#port.fault(mismatch, `${neighbour.address} sent a record of network '${record.network.name}'`)
        continue
      }
      if (record.address === this.#identity.address) {
        this.#proofs.release(neighbour, record.address)
        if (record.seq48 > this.#own.seq48) this.#port.impostor(record.seq48)
        continue
      }
      const before = this.#proofs.record(record.address)
      if (this.isTaken(proof)) {
        this.#port.fault('IDENTITY_IN_USE', `${neighbour.address} knows another node called ${record.address}`)
        continue
      }
      const proven = this.#proofs.prove(neighbour, proof)
      if (proven === undefined) this.#port.fault('UNASKED', `${neighbour.address} sent a record of ${record.address} that nobody asked for`)
      else {
        this.#noteNews(before, proof)
        this.#applyAll(proven)
      }
    }
  }

  /** This node's own record was signed anew. */
  ownChanged(): void {
    this.#requests.raised()
    this.#teller.ownChanged()
  }

  tick(now: number): void {
    this.#requests.tick(now)
    for (const origin of this.table.all()) {
      if (origin.lostAt === undefined || now - origin.lostAt < rememberLostMs) continue
      this.table.forget(origin)
      this.#teller.forgotten(origin.address)
      this.#forget(origin.address)
    }
  }

  stop(): void {
    this.#teller.stop()
    this.#proofs.stop()
    this.#wants.stop()
  }

  #forget(address: string): void {
    this.#proofs.forget(address)
    this.#newsAt.delete(address)
  }

  #entry(neighbour: LinkNeighbour, entry: RouteEntry): void {
    const { destination, seq48, metric } = entry
    if (destination === this.#identity.address) {
      // Proof before effect also here: only a signed number of this address that this node did not issue means anything.
      if (metric < metricInfinite && seq48 > this.#own.seq48) this.#proofs.hold(neighbour, entry)
    } else if (metric >= metricInfinite) {
      this.#proofs.release(neighbour, destination)
      if (this.table.get(destination)) this.#apply(neighbour, entry)
    } else if (this.#proofs.proves(destination, seq48)) {
      this.#proofs.release(neighbour, destination)
      this.#apply(neighbour, entry)
    } else {
      this.#proofs.hold(neighbour, entry)
    }
  }

  #withdrawAbsent(neighbour: LinkNeighbour, entries: readonly RouteEntry[]): void {
    const present = new Set(entries.map(({ destination }) => destination))
    for (const origin of [...this.table.all()]) {
      if (present.has(origin.address) || !origin.routes.has(neighbour)) continue
      this.#apply(neighbour, { destination: origin.address, seq48: 0, metric: metricInfinite, hops: 0 })
    }
    this.#proofs.releaseAbsent(neighbour, present)
  }

  #keep(proof: ProvenRecord): { neighbour: LinkNeighbour; entry: RouteEntry }[] {
    const before = this.#proofs.record(proof.record.address)
    const proven = this.#proofs.keep(proof)
    this.#noteNews(before, proof)
    return proven
  }

  /** Any number above that of the last record brings the others the new one, when they pull what proves it. */
  #noteNews(before: ProvenRecord | undefined, proof: ProvenRecord): void {
    const { address, seq48 } = proof.record
    if (before === undefined || before.record.seq48 >= seq48 || saysTheSame(before, proof)) return
    const selected = this.table.get(address)?.selected
    const untold = (this.#newsAt.get(address) ?? 0) > (selected?.seq48 ?? Number.POSITIVE_INFINITY)
    if (!untold) this.#newsAt.set(address, before.record.seq48 + 1)
    if (selected) this.#port.changed(address)
  }

  #applyAll(proven: readonly { neighbour: LinkNeighbour; entry: RouteEntry }[]): void {
    for (const { neighbour, entry } of proven) if (this.#neighbours.has(neighbour)) this.#apply(neighbour, entry)
  }

  #apply(neighbour: LinkNeighbour, entry: RouteEntry): void {
    const known = this.table.get(entry.destination)
    const seq48Before = known?.selected?.seq48 ?? -1
    const learned = this.table.learn(neighbour, entry)
    if (learned === undefined) {
      this.#forget(entry.destination)
      return this.#port.fault('QUEUE_FULL', `no room for a route to ${entry.destination}, or it is too long`)
    }
    if (known === undefined) this.#teller.born(entry.destination)
    const { origin, selection } = learned
    const news = this.#newsAt.get(origin.address) ?? 0
    const unchanged = selection === 'same' || selection === 'moved'
    const isNews = unchanged && origin.selected !== undefined && seq48Before < news && origin.selected.seq48 >= news
    this.#selected(isNews ? { ...learned, selection: 'changed' } : learned)
  }

  #selected(change: Change<LinkNeighbour>): void {
    const { origin, selection } = change
    origin.lostAt = origin.routes.size > 0 ? undefined : (origin.lostAt ?? this.#clock.now())
    this.#teller.changed(change)
    if (selection !== 'same') this.#port.changed(origin.address)
    this.#requests.review(origin)
    this.#wants.review(origin)
  }

  #proof(address: string): ProvenRecord | undefined {
    return address === this.#identity.address ? this.#own.current : this.#proofs.record(address)
  }

  #pulled(neighbour: LinkNeighbour, wanted: readonly { address: string; seq48: number }[]): void {
    const records: Uint8Array[] = []
    // Nobody of ours asks for more at a time, nor twice for the same.
    for (const address of new Set(wanted.slice(0, pullsMax).map((one) => one.address))) {
      const proof = this.#proof(address)
      if (proof) records.push(proof.bytes)
    }
    if (records.length > 0) neighbour.link.sendControl({ type: 'records', records })
  }
}

function saysTheSame({ record: a }: ProvenRecord, { record: b }: ProvenRecord): boolean {
  const contents = (record: typeof a): string =>
    JSON.stringify([record.kind, record.name, record.capabilities, record.services, record.plainHosts, [...record.exchangeKey]])
  return contents(a) === contents(b)
}
