// Broadcasts of one origin are delivered in the order in which they were said, over all its lives. What is missing is waited for
// a while; what comes later than that is delivered late rather than never.

import type { Clock } from '../ports/clock.ts'
import type { BroadcastId } from '../wire/gossip-control.ts'
import { gapWaitMs, gapWaitMsMax, heldBackMax } from './gossip-limits.ts'
import type { History } from './history.ts'

interface Life {
  readonly epoch: number
  readonly history: History
  readonly waiting: Map<number, () => void>
}

interface Origin {
  /** By epoch, only those of which something waits. */
  lives: Life[]
  cancel: (() => void) | undefined
}

export class DeliveryOrder {
  readonly #clock: Clock
  readonly #origins = new Map<string, Origin>()
  #held = 0
  /** When anything came last by catching up: more of it may follow. */
  #caughtUpAt = Number.NEGATIVE_INFINITY

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** How many wait for earlier ones. */
  get held(): number {
    return this.#held
  }

  /** Calls `deliver` when it is its turn. Those up to `floor` are not to be had any more. `late`: it came by catching up. */
  take(
    { origin, epoch, counter }: BroadcastId,
    { history, floor, late, deliver }: { history: History; floor: number; late: boolean; deliver: () => void },
  ): void {
    if (late) this.#caughtUpAt = this.#clock.now()
    // Too late for its turn.
    if (counter < history.next) return deliver()
    const known = this.#origins.get(origin)
    if (!known && counter === history.next) {
      history.next = counter + 1
      return deliver()
    }
    const waits = known ?? { lives: [], cancel: undefined }
    this.#origins.set(origin, waits)
    this.#life(waits, epoch, history).waiting.set(counter, deliver)
    this.#held += 1
    this.#pump(origin, waits, { epoch, floor })
    if (this.#held > heldBackMax) this.#release(origin)
  }

  stop(): void {
    for (const { cancel } of this.#origins.values()) cancel?.()
    this.#origins.clear()
  }

  #life(origin: Origin, epoch: number, history: History): Life {
    const known = origin.lives.find((life) => life.epoch === epoch)
    if (known) return known
    const life: Life = { epoch, history, waiting: new Map() }
    origin.lives.push(life)
    origin.lives.sort((one, other) => one.epoch - other.epoch)
    return life
  }

  #pump(address: string, origin: Origin, over?: { readonly epoch: number; readonly floor: number }): void {
    for (const life of origin.lives) {
      if (life.epoch === over?.epoch && over.floor >= life.history.next) this.#passGap(life, over.floor)
      for (let { next } = life.history; life.waiting.has(next); next += 1) {
        life.history.next = next + 1
        this.#deliver(life, next)
      }
      if (life.waiting.size > 0) {
        if (!origin.cancel) this.#wait(address, origin, this.#clock.now())
        return
      }
    }
    origin.cancel?.()
    this.#origins.delete(address)
  }

  /** What waits up to `floor` goes in its order, without what is missing. */
  #passGap(life: Life, floor: number): void {
    const present = [...life.waiting.keys()].filter((counter) => counter <= floor).toSorted((one, other) => one - other)
    life.history.next = floor + 1
    for (const counter of present) this.#deliver(life, counter)
  }

  /** It counts as delivered already: whoever keeps what was delivered asks while it is. */
  #deliver(life: Life, counter: number): void {
    const deliver = life.waiting.get(counter)
    if (!deliver) return
    life.waiting.delete(counter)
    this.#held -= 1
    deliver()
  }

  /** As long as catching up goes on, within bounds: who catches up with part of what was said cannot tell what is to be had. */
  #wait(address: string, origin: Origin, since: number): void {
    const untilAt = Math.min(Math.max(since, this.#caughtUpAt) + gapWaitMs, since + gapWaitMsMax)
    const restMs = untilAt - this.#clock.now()
    if (restMs <= 0) return this.#release(address)
    origin.cancel = this.#clock.setTimer(restMs, () => this.#wait(address, origin, since))
  }

  /** The first gap was waited for long enough. */
  #release(address: string): void {
    const origin = this.#origins.get(address)
    if (!origin) return
    origin.cancel?.()
    origin.cancel = undefined
    const first = origin.lives.find(({ waiting }) => waiting.size > 0)
    if (first) first.history.next = Math.min(...first.waiting.keys())
    this.#pump(address, origin)
  }
}
