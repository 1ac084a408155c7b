// Others ask for a newer number of an origin: answer from the table, or pass the question on toward the origin and
// answer when the number is here (R8). Nothing else ever spreads a mere new number (R9). What this node wants itself
// is in wants.ts.

import { RecentMap } from '../../bytes/recent-map.ts'
import { TokenBucket } from '../../async/token-bucket.ts'
import type { Clock } from '../../ports/clock.ts'
import { metricOf } from '../table/route-choice.ts'
import type { Neighbour, Origin } from '../table/origin.ts'
import type { RouteTable } from '../table/route-table.ts'

export const requestHopsMax = 64
/** The same question within this time only joins those who wait for the answer. */
const repeatMs = 400
/** A question that was passed on is forgotten after this time. */
const forwardedForMs = 10_000
/** Origins of which others want a newer number. */
export const forwardedMax = 4_096
/** Questions of one neighbour that are passed on: all that starve when a large part of a network breaks away, then as many a second. */
export const questionsBurstMax = 1_024
export const questionsPerSecondMax = 20

interface Forwarded<N> {
  /** The greatest number that was asked for. */
  seq48: number
  at: number
  /** That it may still go from here. */
  hops: number
  /** The record behind it was asked for, and has not come. */
  proofAwaited: boolean
  /** Who waits, and for what: one that asks for too much keeps no answer from the others, nor from those it asks for. */
  readonly askers: Map<N, Wanted>
}

/** The least and the greatest number that a neighbour asked for, of its own or for others. */
interface Wanted {
  least: number
  most: number
}

export interface RequestsPort<N> {
  readonly address: string
  /** This node's own number may be told as it is. */
  ownSeq48(): number
  /** Somebody needs a greater number of this node. */
  raiseOwn(seq48: number): void
  ask(neighbour: N, destination: string, seq48: number, hops: number): void
  /** The number of the latest record that is known of an origin; −1 for none. */
  proven(destination: string): number
  /** Asks a neighbour for its record of an origin, which should have at least that number. */
  pull(neighbour: N, destination: string, seq48: number): void
  /** Tells one neighbour the present route, also when it is not news. */
  answer(neighbour: N, destination: string): void
  /** A question was dropped: the neighbour has asked too much. */
  tooMany(neighbour: N): void
}

export class Requests<N extends Neighbour> {
  readonly #clock: Clock
  readonly #table: RouteTable<N>
  readonly #port: RequestsPort<N>
  readonly #forwarded = new RecentMap<string, Forwarded<N>>(forwardedMax)
  readonly #budgets = new Map<N, TokenBucket>()

  constructor(clock: Clock, table: RouteTable<N>, port: RequestsPort<N>) {
    this.#clock = clock
    this.#table = table
    this.#port = port
  }

  get size(): number {
    return this.#forwarded.size
  }

  /** To be called whenever an origin's routes or numbers changed. */
  review(origin: Origin<N>): void {
    if (origin.selected) this.#settle(origin.address, origin.selected.seq48)
  }

  /** This node has signed a greater number. */
  raised(): void {
    this.#settle(this.#port.address, this.#port.ownSeq48())
  }

  received(neighbour: N, destination: string, seq48: number, hops: number): void {
    if (destination === this.#port.address) {
      const own = this.#port.ownSeq48()
      if (own >= seq48) return this.#port.answer(neighbour, destination)
      // The next one is all that it gets, however much it asks for.
      this.#remember(destination, neighbour, own + 1).at = this.#clock.now()
      // Unless it can show that this node was further once: before its clock went back, or as a copy of itself.
      if (seq48 > own + 1) this.#port.pull(neighbour, destination, seq48 - 1)
      return this.#port.raiseOwn(seq48)
    }
    const origin = this.#table.get(destination)
    if (origin === undefined || hops <= 0) return
    if (origin.selected && origin.selected.seq48 >= seq48) return this.#port.answer(neighbour, destination)
    const next = this.#next(origin, neighbour)
    if (next === undefined) return
    if (!this.#mayAsk(neighbour)) return this.#port.tooMany(neighbour)
    const known = this.#forwarded.get(destination)
    const repeated = known !== undefined && known.seq48 >= seq48 && this.#clock.now() - known.at < repeatMs
    const forwarded = this.#remember(destination, neighbour, seq48)
    // Who asks above all that is known here has heard of more. What proves it goes with the question, hop by hop: who asks
    // again may have it only now.
    forwarded.proofAwaited = forwarded.seq48 - 1 > this.#port.proven(destination)
    if (forwarded.proofAwaited) this.#port.pull(neighbour, destination, forwarded.seq48 - 1)
    if (repeated) return
    forwarded.at = this.#clock.now()
    forwarded.hops = Math.min(hops, requestHopsMax) - 1
    this.#port.ask(next, destination, seq48, forwarded.hops)
  }

  /** A record is here: if it is the one that a question goes with, who was asked can have it now. */
  shown(destination: string): void {
    const forwarded = this.#forwarded.get(destination)
    const origin = this.#table.get(destination)
    if (!forwarded?.proofAwaited || origin === undefined || forwarded.seq48 - 1 > this.#port.proven(destination)) return
    forwarded.proofAwaited = false
    const [asker] = forwarded.askers.keys()
    const next = asker && this.#next(origin, asker)
    if (next) this.#port.ask(next, destination, forwarded.seq48, forwarded.hops)
  }

  leave(neighbour: N): void {
    this.#budgets.delete(neighbour)
    for (const { askers } of this.#forwarded.values()) askers.delete(neighbour)
  }

  /** Forgets old questions; called now and then. */
  tick(now: number): void {
    for (const [address, { at }] of this.#forwarded) if (now - at > forwardedForMs) this.#forwarded.delete(address)
  }

  /** What others are asked on its behalf; who honestly starves asks again. */
  #mayAsk(neighbour: N): boolean {
    const now = this.#clock.now()
    const budget = this.#budgets.get(neighbour) ?? new TokenBucket(questionsPerSecondMax, questionsBurstMax, now)
    this.#budgets.set(neighbour, budget)
    return budget.take(1, now)
  }

  /** One's own parent, or, when that is who asks (by this link or another), the best of the others. */
  #next(origin: Origin<N>, asker: N): N | undefined {
    const others = origin.routes().filter(({ neighbour }) => neighbour.address !== asker.address)
    const { nextHop } = origin
    if (others.some(({ neighbour }) => neighbour === nextHop)) return nextHop
    let best: N | undefined
    let bestMetric = Number.POSITIVE_INFINITY
    for (const route of others) {
      if (metricOf(route) >= bestMetric) continue
      best = route.neighbour
      bestMetric = metricOf(route)
    }
    return best
  }

  #remember(destination: string, asker: N, seq48: number): Forwarded<N> {
    let forwarded = this.#forwarded.get(destination)
    if (forwarded === undefined) {
      forwarded = { seq48, at: Number.NEGATIVE_INFINITY, hops: 0, proofAwaited: false, askers: new Map() }
      this.#forwarded.set(destination, forwarded)
    }
    forwarded.seq48 = Math.max(forwarded.seq48, seq48)
    const wanted = forwarded.askers.get(asker)
    forwarded.askers.set(asker, { least: Math.min(wanted?.least ?? seq48, seq48), most: Math.max(wanted?.most ?? seq48, seq48) })
    return forwarded
  }

  #settle(destination: string, seq48: number): void {
    const forwarded = this.#forwarded.get(destination)
    if (forwarded === undefined) return
    if (forwarded.seq48 <= seq48) this.#forwarded.delete(destination)
    for (const [asker, wanted] of forwarded.askers) {
      if (wanted.least > seq48) continue
      if (wanted.most > seq48) wanted.least = wanted.most
      else forwarded.askers.delete(asker)
      this.#port.answer(asker, destination)
    }
  }
}
