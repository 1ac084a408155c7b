// When this node itself needs a newer number of an origin. Every known route might lead back here: ask at once (R6). Or a
// better route is known that might, while a worse one works: wait until the newest number has spread, then ask (R7).

import type { Clock } from '../../ports/clock.ts'
import { requestHopsMax } from './requests.ts'
import { isStarving, betterUnfeasible } from '../table/route-choice.ts'
import type { Neighbour, Origin } from '../table/origin.ts'
import type { RouteTable } from '../table/route-table.ts'

const starvingRetriesMs = [500, 1_000, 2_000, 4_000, 8_000, 16_000] as const
const betterRetriesMs = [1_000, 2_000, 4_000, 8_000, 16_000] as const

interface Want {
  readonly starving: boolean
  /** The newest number in use when the want arose: while it spreads, nothing better is asked for. */
  readonly seq48: number | undefined
  /** The route in use was about to break. */
  readonly fragile: boolean
  readonly cancel: () => void
}

export interface WantsPort<N> {
  ask(neighbour: N, destination: string, seq48: number, hops: number): void
}

export class Wants<N extends Neighbour> {
  readonly #clock: Clock
  readonly #table: RouteTable<N>
  readonly #port: WantsPort<N>
  readonly #wants = new Map<string, Want>()

  constructor(clock: Clock, table: RouteTable<N>, port: WantsPort<N>) {
    this.#clock = clock
    this.#table = table
    this.#port = port
  }

  /** Origins that something is wanted of. */
  get size(): number {
    return this.#wants.size
  }

  /** To be called whenever an origin's routes changed. */
  review(origin: Origin<N>): void {
    const want = this.#wants.get(origin.address)
    if (isStarving(origin)) {
      if (want?.starving) return
      this.#drop(origin.address)
      this.#askAll(origin, 0)
    } else if (betterUnfeasible(origin) === undefined) this.#drop(origin.address)
    else if (want === undefined || want.starving || want.seq48 !== origin.selected?.seq48 || origin.fragile !== want.fragile) {
      this.#drop(origin.address)
      this.#askBetterLater(origin, 0)
    }
  }

  has(address: string): boolean {
    return this.#wants.has(address)
  }

  stop(): void {
    for (const { cancel } of this.#wants.values()) cancel()
    this.#wants.clear()
  }

  #drop(address: string): void {
    this.#wants.get(address)?.cancel()
    this.#wants.delete(address)
  }

  #askAll(origin: Origin<N>, tries: number): void {
    const seq48 = (origin.feasibility?.seq48 ?? 0) + 1
    for (const { neighbour } of origin.routes()) this.#port.ask(neighbour, origin.address, seq48, requestHopsMax)
    this.#again(origin, true, starvingRetriesMs[tries], () => {
      if (isStarving(origin)) this.#askAll(origin, tries + 1)
    })
  }

  #askBetterLater(origin: Origin<N>, tries: number): void {
    // When the present one is about to break there is no time to wait.
    const delayMs = tries === 0 && origin.fragile ? 0 : betterRetriesMs[tries]
    this.#again(origin, false, delayMs, () => {
      const route = betterUnfeasible(origin)
      if (route === undefined) return
      const told = origin.feasibility?.seq48 ?? 0
      // Behind in numbers: a refresh may do. Else only the origin can help.
      this.#port.ask(route.neighbour, origin.address, route.seq48 < told ? told : told + 1, requestHopsMax)
      this.#askBetterLater(origin, tries + 1)
    })
  }

  /** Forgets the want after the last try; the next news of the origin begins anew. */
  #again(origin: Origin<N>, starving: boolean, delayMs: number | undefined, act: () => void): void {
    if (delayMs === undefined) return
    const cancel = this.#clock.setTimer(delayMs, () => {
      this.#wants.delete(origin.address)
      if (this.#table.get(origin.address) === origin) act()
    })
    this.#wants.set(origin.address, { starving, seq48: origin.selected?.seq48, fragile: origin.fragile, cancel })
  }
}
