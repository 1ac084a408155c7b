// What neighbours say about others, and what becomes of it: an entry waits for the record that proves it, then it changes
// the table; a record is believed if it was asked for, or if it says that its own origin left.

import { processOf, recordMismatch, type MemberRecord } from '../../identity/member-record.ts'
import type { ProvenRecord } from '../../link/link-owner.ts'
import type { Clock } from '../../ports/clock.ts'
import { metricInfinite, type RouteEntry } from '../../wire/control.ts'
import { BorrowedRecords } from './borrowed-records.ts'
import type { CapableIdentity } from '../capable-identity.ts'
import { Departures } from './departures.ts'
import { FreeNames } from './free-names.ts'
import { costMin } from '../link-cost.ts'
import type { LinkNeighbour } from '../link-neighbour.ts'
import { OriginNews } from './origin-news.ts'
import type { OwnRecord } from '../own-record.ts'
import { Proofs, pullsMax } from './proofs.ts'
import { Rivals, tagOf } from './rivals.ts'
import { metricMax } from '../table/route-choice.ts'
import type { RunningDigest } from '../table/route-digest.ts'
import type { Change, RouteTable } from '../table/route-table.ts'

export interface RouteIntakePort {
  isNeighbour(neighbour: LinkNeighbour): boolean
  /** Another process has this address, and this one gives way. */
  contested(): void
  /** Links to that one. */
  neighboursAt(address: string): readonly LinkNeighbour[]
  neighbours(): Iterable<LinkNeighbour>
  /** The table has an origin that it did not have. */
  born(address: string): void
  /** Something changed in the table; `known`: the neighbours hear of it by other means. */
  selected(change: Change<LinkNeighbour>, known: boolean): void
  /** What the record of an origin says is different now. */
  renewed(address: string): void
  /** Forget the origin, which has no route: its name is another's. */
  free(address: string): void
  /** The record of somebody who may be gone, and of whom something is kept here. */
  kept(address: string): ProvenRecord | undefined
  fault(code: string, message: string): void
}

export class RouteIntake {
  readonly #identity: CapableIdentity
  readonly #table: RouteTable<LinkNeighbour>
  readonly #own: OwnRecord
  readonly #clock: Clock
  readonly #port: RouteIntakePort
  readonly #proofs: Proofs<LinkNeighbour>
  readonly #departures: Departures
  readonly #news = new OriginNews()
  readonly #borrowed = new BorrowedRecords()
  readonly #rivals: Rivals<LinkNeighbour>
  readonly #names: FreeNames
  /** By neighbour the other process with its address that it was shown last. */
  readonly #twins = new WeakMap<LinkNeighbour, string>()

  constructor(identity: CapableIdentity, clock: Clock, own: OwnRecord, table: RouteTable<LinkNeighbour>, port: RouteIntakePort) {
    this.#identity = identity
    this.#own = own
    this.#clock = clock
    this.#table = table
    this.#port = port
    this.#proofs = new Proofs(
      clock,
      {
        pull: (neighbour, wanted) => neighbour.link.sendControl({ type: 'pull', wanted }),
        dropped: (neighbour, address) => port.fault('UNPROVEN', `${neighbour.address} did not prove its route to ${address}`),
      },
      table.recordPlaces,
    )
    this.#rivals = new Rivals({
      clock,
      found: (neighbour, address) => port.fault('IDENTITY_IN_USE', `${neighbour.address} knows another node called ${address}`),
    })
    this.#names = new FreeNames({
      table,
      proofs: this.#proofs,
      rivals: this.#rivals,
      withdraw: (neighbour, entry) => this.#apply(neighbour, entry),
      free: (address) => port.free(address),
    })
    this.#departures = new Departures({ proofs: this.#proofs, neighbours: () => port.neighbours(), gone: (address) => this.#gone(address) })
  }

  /** Records are kept of origins and neighbours only. */
  get recordCount(): number {
    return this.#proofs.records
  }

  /** Entries that wait for their proof, of the neighbour that has most of them. */
  get unprovenCount(): number {
    return this.#proofs.unproven
  }

  /** What is known of an origin, this node itself included. */
  proof(address: string): ProvenRecord | undefined {
    return address === this.#identity.address ? this.#own.current : (this.#proofs.record(address) ?? this.#borrowed.get(address))
  }

  /** Another node has this name and can be reached. */
  isTaken(proof: ProvenRecord): boolean {
    return this.#names.isTaken(proof)
  }

  /** Of whoever has a free-form name here. */
  tagOf(address: string): number | undefined {
    return this.#names.tagOf(address)
  }

  /** A neighbour tells of another node of this name. */
  isClaimed(address: string): boolean {
    return this.#rivals.isClaimed(address)
  }

  /** Nobody has this name any more: the next one may. */
  freed(address: string): void {
    for (const { neighbour, entry } of this.#rivals.take(address)) {
      if (this.#port.isNeighbour(neighbour)) this.routes(neighbour, [entry], false)
    }
  }

  /** A route that is not proven yet. */
  awaitsProof(address: string): boolean {
    return this.#proofs.awaits(address) || this.#borrowed.awaits(address)
  }

  /** Asks a relay for the record of an origin that it did not tell of. */
  borrow(neighbour: LinkNeighbour, address: string): void {
    if (this.#borrowed.want(address, this.#clock.now())) this.pull(neighbour, address, 0)
  }

  /** The neighbour is asked for a newer number, and will send the record that proves it. */
  expect(neighbour: LinkNeighbour, address: string): void {
    this.#proofs.expect(neighbour, address)
  }

  /** Whether a record, unverified, is worth verifying; counted if not. */
  expects(neighbour: LinkNeighbour, { address, kind, seq48 }: MemberRecord): boolean {
    if (address === this.#identity.address) return seq48 >= this.#own.seq48 || this.#proofs.answered(neighbour, address)
    const known = this.#proofs.record(address)?.record
    const departs = kind === 'left' && (known ? known.seq48 < seq48 : this.#proofs.awaits(address))
    if (departs || this.#proofs.answered(neighbour, address)) return true
    if (kind !== 'left') this.#port.fault('UNASKED', `${neighbour.address} sent a record of ${address} that nobody asked for`)
    return false
  }

  /** The record of a handshake. */
  join(neighbour: LinkNeighbour, proof: ProvenRecord): void {
    this.#names.joined(proof)
    const later = this.#proofs.record(neighbour.address)
    // It signed a greater number in an earlier life, whose clock ran ahead: without it, nobody would believe it again.
    if (later && later.record.seq48 > proof.record.seq48) neighbour.link.sendControl({ type: 'records', records: [later.bytes] })
    const proven = this.#proofs.keep(proof)
    this.#showTwin(proof)
    this.#noteNews(later, proof)
    this.#applyAll(proven)
  }

  leave(neighbour: LinkNeighbour): void {
    this.#proofs.leave(neighbour)
    this.#rivals.leave(neighbour)
  }

  routes(neighbour: LinkNeighbour, entries: readonly RouteEntry[], complete: boolean): void {
    if (complete) this.#withdrawAbsent(neighbour, entries)
    for (const entry of entries) this.#entry(neighbour, entry)
    this.#proofs.ask(neighbour)
  }

  /** Everything that the neighbour said and that was not refused, proven or not. */
  heard(neighbour: LinkNeighbour): RunningDigest {
    const heard = this.#table.digest.kept(neighbour)
    this.#proofs.addHeld(neighbour, heard, (address) => this.#table.get(address)?.routeOf(neighbour))
    this.#rivals.addTo(neighbour, heard)
    return heard
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
        const contest = this.#own.contested(record)
        if (contest === 'lost') this.#port.contested()
        else if (contest === 'other') this.#port.fault('IDENTITY_IN_USE', `somebody signs as ${record.address} under a greater number`)
        continue
      }
      if (record.kind === 'left') {
        this.left(neighbour, proof)
        // It proves who it was, which is enough for what it said before.
        if (this.#borrowed.keep(proof)) this.#port.renewed(record.address)
        continue
      }
      const before = this.#proofs.record(record.address)
      if (this.isTaken(proof)) {
        const entry = this.#proofs.held(neighbour, record.address)
        this.#proofs.release(neighbour, record.address)
        if (entry) this.#rivals.keep(neighbour, entry)
        continue
      }
      const proven = this.#proofs.prove(neighbour, proof)
      this.#showTwin(proof)
      this.#noteNews(before, proof)
      this.#applyAll(proven)
      if (this.#borrowed.keep(proof)) this.#port.renewed(record.address)
    }
    this.#proofs.ask(neighbour)
  }

  /** A neighbour says that it goes; `neighbour`: unless its link has ended by now. */
  left(neighbour: LinkNeighbour | undefined, proof: ProvenRecord): void {
    const { record } = proof
    if (recordMismatch(this.#identity, record)) return
    this.#rivals.left(record.address, tagOf(record.publicKey))
    this.#departures.heard(neighbour, proof)
  }

  /** The number of the latest record of an origin; −1 for none. */
  provenSeq48(address: string): number {
    return this.#proofs.seq48(address)
  }

  /** Asks for a record beside any route. */
  pull(neighbour: LinkNeighbour, address: string, seq48: number): void {
    this.#proofs.expect(neighbour, address)
    neighbour.link.sendControl({ type: 'pull', wanted: [{ address, seq48 }] })
  }

  /** Shows what was asked for, as far as it is known. */
  pulled(neighbour: LinkNeighbour, wanted: readonly { address: string; seq48: number }[]): void {
    const records: Uint8Array[] = []
    // Nobody of ours asks for more at a time, nor twice for the same.
    for (const address of new Set(wanted.slice(0, pullsMax).map((one) => one.address))) {
      const proof = this.proof(address) ?? this.#port.kept(address)
      if (proof) records.push(proof.bytes)
    }
    if (records.length > 0) neighbour.link.sendControl({ type: 'records', records })
  }

  forget(address: string): void {
    this.#proofs.forget(address)
    this.#news.forget(address)
  }

  /** A route that took the place of another because of its link may be the first with what the origin says anew. */
  weighed(change: Change<LinkNeighbour>): Change<LinkNeighbour> {
    return this.#news.weigh(change, change.before?.seq48 ?? -1)
  }

  stop(): void {
    this.#proofs.stop()
  }

  #entry(neighbour: LinkNeighbour, entry: RouteEntry): void {
    const { destination, seq48, metric } = entry
    if (destination === this.#identity.address) {
      // Proof before effect also here: only a signed number of this address that this node did not issue means anything.
      if (metric < metricInfinite && seq48 > this.#own.seq48) this.#proofs.hold(neighbour, entry)
    } else if (metric >= metricInfinite) {
      this.#proofs.release(neighbour, destination)
      this.#rivals.delete(neighbour, destination)
      if (this.#table.get(destination)) this.#apply(neighbour, entry)
    } else if (!isPlausible(neighbour, entry)) {
      this.#port.fault('IMPLAUSIBLE', `${neighbour.address} says that ${destination} is ${entry.hops} links away at ${metric}`)
    } else if (this.#names.waits(neighbour, entry)) {
      return
    } else if (this.#departures.isOver(destination, seq48)) {
      this.#proofs.release(neighbour, destination)
    } else if (this.#proofs.proves(destination, seq48)) {
      this.#proofs.release(neighbour, destination)
      this.#apply(neighbour, entry)
    } else {
      this.#proofs.hold(neighbour, entry)
    }
  }

  #withdrawAbsent(neighbour: LinkNeighbour, entries: readonly RouteEntry[]): void {
    const present = new Set(entries.map(({ destination }) => destination))
    this.#rivals.deleteAbsent(neighbour, present)
    for (const origin of [...this.#table.all()]) {
      if (present.has(origin.address) || !origin.hasRouteOf(neighbour)) continue
      this.#apply(neighbour, { destination: origin.address, seq48: 0, metric: metricInfinite, hops: 0 })
    }
    this.#proofs.releaseAbsent(neighbour, present)
  }

  /** Two processes with one address: the one that everybody believes less is next door, and hears it from here. Each of the other once. */
  #showTwin({ record, bytes }: ProvenRecord): void {
    if (this.#proofs.seq48(record.address) !== record.seq48) return
    const neighbours = this.#port.neighboursAt(record.address)
    if (neighbours.length === 0) return
    const process = processOf(record)
    for (const neighbour of neighbours) {
      if (neighbour.process === process || this.#twins.get(neighbour) === process) continue
      this.#twins.set(neighbour, process)
      neighbour.link.sendControl({ type: 'records', records: [bytes] })
    }
  }

  #noteNews(before: ProvenRecord | undefined, proof: ProvenRecord): void {
    const selected = this.#table.get(proof.record.address)?.selected
    if (this.#news.note(before, proof, selected?.seq48) && selected) this.#port.renewed(proof.record.address)
  }

  #applyAll(proven: readonly { neighbour: LinkNeighbour; entry: RouteEntry }[]): void {
    for (const { neighbour, entry } of proven) if (this.#port.isNeighbour(neighbour)) this.#apply(neighbour, entry)
  }

  #apply(neighbour: LinkNeighbour, entry: RouteEntry): void {
    const known = this.#table.get(entry.destination)
    const seq48Before = known?.selected?.seq48 ?? -1
    const learned = this.#table.learn(neighbour, entry)
    if (learned === undefined) {
      this.forget(entry.destination)
      return this.#port.fault('QUEUE_FULL', `no room for a route to ${entry.destination}, or it is too long`)
    }
    if (known === undefined) this.#port.born(entry.destination)
    this.#port.selected(this.#news.weigh(learned, seq48Before), false)
  }

  #gone(address: string): void {
    this.#news.forget(address)
    const origin = this.#table.get(address)
    if (origin === undefined) return
    this.#port.selected(this.#table.clear(origin), true)
  }
}

/** Each link costs something, and only the neighbour itself is no link away from itself. A lie beyond that is not even a shortcut. */
function isPlausible({ address }: LinkNeighbour, { destination, metric, hops }: RouteEntry): boolean {
  return destination === address ? hops === 0 : hops > 0 && metric >= Math.min(hops * costMin, metricMax)
}
