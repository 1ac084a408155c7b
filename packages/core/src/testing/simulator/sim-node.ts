import type { Clock } from '../../ports/clock.ts'
import type { VirtualClock } from '../virtual-clock.ts'

/**
 * One process of the simulated world, from its start to its end. It has a clock of its own: a paused process (a hidden
 * tab, a laptop that sleeps) runs its timers and hears its channels when it goes on, a dead one never again.
 */
export class SimNode {
  readonly name: string
  readonly clock: Clock
  /** Added to this process's wall time; people change clocks. */
  wallTimeShiftMs = 0
  readonly #world: VirtualClock
  readonly #performed: ((node: SimNode) => void) | undefined
  #alive = true
  #pausedUntil = 0
  #postponed: (() => void)[] = []

  /** `performed` hears of each turn of this process after it is over. */
  constructor(name: string, world: VirtualClock, performed?: (node: SimNode) => void) {
    this.name = name
    this.#world = world
    this.#performed = performed
    this.clock = {
      now: () => world.now(),
      wallTime: () => world.wallTime() + this.wallTimeShiftMs,
      setTimer: (delayMs, callback) => this.#setTimer(delayMs, callback),
      soon: (callback) => world.soon(() => this.perform(callback)),
    }
  }

  get alive(): boolean {
    return this.#alive
  }

  /** Runs now, after the pause, or never. */
  perform(act: () => void): void {
    if (!this.#alive) return
    if (this.#pausedUntil !== 0) {
      this.#postponed.push(act)
      return
    }
    act()
    this.#performed?.(this)
  }

  get paused(): boolean {
    return this.#pausedUntil !== 0
  }

  pause(ms: number): void {
    const until = this.#world.now() + ms
    if (until <= this.#pausedUntil) return
    this.#pausedUntil = until
    this.#world.setTimer(ms, () => this.#goOn(until))
  }

  /** Nothing of this process runs any more. Its channels are the network's affair. */
  kill(): void {
    this.#alive = false
    this.#postponed = []
  }

  #goOn(until: number): void {
    if (until !== this.#pausedUntil) return
    this.#pausedUntil = 0
    const postponed = this.#postponed
    this.#postponed = []
    for (const act of postponed) this.perform(act)
  }

  #setTimer(delayMs: number, callback: () => void): () => void {
    const timer: NodeTimer = { callback }
    const cancel = this.#world.setTimer(delayMs, () => {
      // One that was cancelled while its process slept must not run when it wakes.
      this.perform(() => timer.callback?.())
    })
    return () => {
      timer.callback = undefined
      cancel()
    }
  }
}

interface NodeTimer {
  callback: (() => void) | undefined
}
