// Proof before effect (SE5): a route entry counts once the origin's signed record with that number, or a later one, was
// seen. Records are pulled only from the neighbour that sent the entry; until then entries wait, unused.

import { RecentMap } from '../../bytes/recent-map.ts'
import type { ProvenRecord } from '../../link/link-owner.ts'
import { TokenBucket } from '../../async/token-bucket.ts'
import type { Clock } from '../../ports/clock.ts'
import type { RouteEntry } from '../../wire/control.ts'
import { RecordStore, type RecordPlaces } from '../table/record-store.ts'
import type { RunningDigest } from '../table/route-digest.ts'

/** A pull without an answer is repeated after these times (a long line, a machine that stalled); then its entry is dropped. */
export const proofTriesMs = [1_000, 2_000, 4_000, 8_000] as const
const lookEveryMs = 1_000
/** Records asked of one neighbour at a time. */
export const pullsMax = 64
/** Unproven entries of one neighbour: as many as a newcomer hears of in the largest network; more are dropped. */
export const unprovenMax = 20_000

/** Records that are pulled from one neighbour: all of a large network at once, then what a town may grow by. */
export const newOriginsBurstMax = 20_000
export const newOriginsPerSecondMax = 100
/** Origins whose records one neighbour may still send in answer. */
const answersMax = 512

interface Unproven {
  entry: RouteEntry
  askedAt: number | undefined
  /** Pulls that were not answered in time. */
  missed: number
}

/** What one neighbour said and has not proven yet. */
class Held {
  readonly entries = new Map<string, Unproven>()
  readonly budget: TokenBucket
  /** Those whose record is to be pulled (again), in order. */
  readonly unasked = new Set<string>()
  /** Answers that may still come: also those that nobody needs any more, because another neighbour was faster. */
  readonly #pulled = new RecentMap<string, number>(answersMax)

  constructor(now: number) {
    this.budget = new TokenBucket(newOriginsPerSecondMax, newOriginsBurstMax, now)
  }

  get asked(): number {
    return this.entries.size - this.unasked.size
  }

  delete(address: string): boolean {
    this.unasked.delete(address)
    return this.entries.delete(address)
  }

  pulled(address: string): void {
    this.#pulled.set(address, (this.#pulled.get(address) ?? 0) + 1)
  }

  /** Whether somebody asked for what comes now. */
  answered(address: string): boolean {
    const pulls = this.#pulled.get(address)
    if (pulls === undefined) return false
    if (pulls > 1) this.#pulled.set(address, pulls - 1)
    else this.#pulled.delete(address)
    return true
  }
}

export interface ProofsPort<N> {
  pull(neighbour: N, wanted: readonly { address: string; seq48: number }[]): void
  /** An entry was dropped without proof. */
  dropped(neighbour: N, address: string): void
}

export class Proofs<N> {
  readonly #clock: Clock
  readonly #port: ProofsPort<N>
  readonly #records: RecordStore
  readonly #unproven = new Map<N, Held>()
  #cancelTimer: (() => void) | undefined

  /** `places`: where the rows of records are remembered. */
  constructor(clock: Clock, port: ProofsPort<N>, places?: RecordPlaces) {
    this.#clock = clock
    this.#port = port
    this.#records = new RecordStore(places)
  }

  get records(): number {
    return this.#records.size
  }

  /** Entries that wait for their proof, of the neighbour that has most of them. */
  get unproven(): number {
    let most = 0
    for (const { entries } of this.#unproven.values()) most = Math.max(most, entries.size)
    return most
  }

  record(address: string): ProvenRecord | undefined {
    return this.#records.get(address)
  }

  /** The number of the latest record; −1 for none. */
  seq48(address: string): number {
    return this.#records.seq48(address)
  }

  proves(address: string, seq48: number): boolean {
    return this.#records.seq48(address) >= seq48
  }

  /** Somebody said how to reach it, and the proof is on its way. */
  awaits(address: string): boolean {
    for (const held of this.#unproven.values()) if (held.entries.has(address)) return true
    return false
  }

  /** Keeps an entry until its proof is here; a later entry of the same neighbour replaces it. */
  hold(neighbour: N, entry: RouteEntry): void {
    const held = this.#of(neighbour)
    const { destination } = entry
    const known = held.entries.get(destination)
    if (known) {
      if (entry.seq48 > known.entry.seq48) {
        known.askedAt = undefined
        known.missed = 0
        held.unasked.add(destination)
      }
      known.entry = entry
    } else if (held.entries.size < unprovenMax) {
      held.entries.set(destination, { entry, askedAt: undefined, missed: 0 })
      held.unasked.add(destination)
    } else this.#port.dropped(neighbour, destination)
  }

  /** Pulls what is missing, in one message for all that was held or proven in this turn. */
  ask(neighbour: N): void {
    const held = this.#unproven.get(neighbour)
    if (held && held.unasked.size > 0) this.#ask(neighbour, held)
  }

  /** This neighbour was asked for the record, and has not shown it since. It is shown now. */
  answered(neighbour: N, address: string): boolean {
    return this.#unproven.get(neighbour)?.answered(address) ?? false
  }

  /** It was asked for a newer number, and proves the one that it answers with. */
  expect(neighbour: N, address: string): void {
    this.#of(neighbour).pulled(address)
  }

  held(neighbour: N, address: string): RouteEntry | undefined {
    return this.#unproven.get(neighbour)?.entries.get(address)?.entry
  }

  /** The neighbour took it back. */
  release(neighbour: N, address: string): void {
    this.#unproven.get(neighbour)?.delete(address)
  }

  /** The neighbour told everything, and this was not among it. */
  releaseAbsent(neighbour: N, present: ReadonlySet<string>): void {
    const held = this.#unproven.get(neighbour)
    if (held) for (const address of [...held.entries.keys()]) if (!present.has(address)) held.delete(address)
  }

  /** Counts what the neighbour said and has not proven: it was heard, in place of what `known` gives. */
  addHeld(
    neighbour: N,
    heard: RunningDigest,
    known: (address: string) => { readonly advertised: number; readonly hops: number } | undefined,
  ): void {
    for (const [address, { entry }] of this.#unproven.get(neighbour)?.entries ?? []) {
      const before = known(address)
      if (before) heard.remove(address, before.advertised, before.hops - 1)
      heard.add(address, entry.metric, entry.hops)
    }
  }

  /** A record whose signature holds, and that was asked for. Gives the entries that it proves. */
  prove(neighbour: N, proof: ProvenRecord): { neighbour: N; entry: RouteEntry }[] {
    const { address } = proof.record
    const held = this.#unproven.get(neighbour)
    const known = this.#records.has(address)
    if (!known && !held?.entries.has(address)) return []
    const proven = this.keep(proof)
    // A record that proves no entry has no origin to be forgotten with.
    if (proven.length === 0 && !known) this.#records.delete(address)
    // A neighbour that answers with an older record than it advertised has not proven its entry.
    if (held?.delete(address)) this.#port.dropped(neighbour, address)
    return proven
  }

  /** A record that proved itself in a handshake, or that was asked for. */
  keep(proof: ProvenRecord): { neighbour: N; entry: RouteEntry }[] {
    const { address, seq48 } = proof.record
    if (!this.proves(address, seq48)) this.#records.set(proof)
    const proven: { neighbour: N; entry: RouteEntry }[] = []
    for (const [neighbour, held] of this.#unproven) {
      const entry = held.entries.get(address)?.entry
      if (entry === undefined || !this.proves(address, entry.seq48)) continue
      held.delete(address)
      proven.push({ neighbour, entry })
    }
    return proven
  }

  leave(neighbour: N): void {
    this.#unproven.delete(neighbour)
  }

  forget(address: string): void {
    this.#records.delete(address)
  }

  stop(): void {
    this.#cancelTimer?.()
  }

  #of(neighbour: N): Held {
    const held = this.#unproven.get(neighbour) ?? new Held(this.#clock.now())
    this.#unproven.set(neighbour, held)
    return held
  }

  #ask(neighbour: N, held: Held): void {
    const now = this.#clock.now()
    const wanted: { address: string; seq48: number }[] = []
    for (const address of held.unasked) {
      if (held.asked >= pullsMax) break
      held.unasked.delete(address)
      const unproven = held.entries.get(address)
      if (unproven === undefined) continue
      if (!held.budget.take(1, now)) {
        held.unasked.add(address)
        break
      }
      unproven.askedAt = now
      held.pulled(address)
      wanted.push({ address, seq48: unproven.entry.seq48 })
    }
    if (wanted.length > 0) this.#port.pull(neighbour, wanted)
    this.#cancelTimer ??= this.#clock.setTimer(lookEveryMs, () => this.#expire())
  }

  #expire(): void {
    this.#cancelTimer = undefined
    const now = this.#clock.now()
    let waiting = false
    for (const [neighbour, held] of this.#unproven) {
      for (const [address, unproven] of held.entries) {
        if (unproven.askedAt === undefined || now - unproven.askedAt < (proofTriesMs[unproven.missed] ?? 0)) continue
        unproven.askedAt = undefined
        unproven.missed++
        held.unasked.add(address)
        if (unproven.missed < proofTriesMs.length) continue
        held.delete(address)
        this.#port.dropped(neighbour, address)
      }
      this.#ask(neighbour, held)
      waiting ||= held.entries.size > 0
    }
    if (waiting) this.#cancelTimer ??= this.#clock.setTimer(lookEveryMs, () => this.#expire())
  }
}
