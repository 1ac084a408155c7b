import type { Clock } from '../../ports/clock.ts'

/** Of all targets together; above it a packet without a route is a packet without a route. */
export const waitingPacketsMax = 256
/** Longer than a proof takes on a long line. */
export const waitForRouteMs = 3_000

interface Waiting {
  readonly send: () => void
  readonly cancel: () => void
}

/**
 * Packets for targets whose route is known but not proven yet. A newcomer's request can be here before the proof of the way
 * back to it: the answer waits a moment instead of being lost.
 */
export class WaitingPackets {
  readonly #clock: Clock
  readonly #byTarget = new Map<string, Waiting[]>()
  #count = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get size(): number {
    return this.#count
  }

  /** Calls `send` when the route is there, or `giveUp` after `waitForRouteMs`. False: there is no room, and neither is called. */
  keep(target: string, send: () => void, giveUp: () => void): boolean {
    if (this.#count >= waitingPacketsMax) return false
    const list = this.#byTarget.get(target) ?? []
    const waiting: Waiting = {
      send,
      cancel: this.#clock.setTimer(waitForRouteMs, () => {
        // Timers of one target run out in the order in which its packets came.
        this.#take(target, list.indexOf(waiting) + 1)
        giveUp()
      }),
    }
    list.push(waiting)
    this.#byTarget.set(target, list)
    this.#count++
    return true
  }

  /** The route to `target` is there: in the order in which they came. */
  routed(target: string): void {
    for (const { send, cancel } of this.#take(target, Number.POSITIVE_INFINITY)) {
      cancel()
      send()
    }
  }

  stop(): void {
    for (const target of [...this.#byTarget.keys()]) {
      for (const { cancel } of this.#take(target, Number.POSITIVE_INFINITY)) cancel()
    }
  }

  #take(target: string, count: number): Waiting[] {
    const list = this.#byTarget.get(target)
    if (list === undefined) return []
    const taken = list.splice(0, count)
    this.#count -= taken.length
    if (list.length === 0) this.#byTarget.delete(target)
    return taken
  }
}
