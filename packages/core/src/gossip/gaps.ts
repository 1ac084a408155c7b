import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import type { BroadcastLife, CounterRange } from '../wire/gossip-control.ts'
import { lifeKey } from './broadcast-key.ts'
import { gapAsksMs, heldBackMax } from './gossip-limits.ts'
import type { History } from './history.ts'

export interface GapsPort<N> {
  neighbours(): Iterable<N>
  ask(neighbour: N, life: BroadcastLife, ranges: readonly CounterRange[]): void
}

/** Something later is here and something earlier is not: it is asked for, first where the later one came from, then of others. */
export class Gaps<N> {
  readonly #clock: Clock
  readonly #dice: Dice
  readonly #port: GapsPort<N>
  readonly #waiting = new Map<string, () => void>()

  constructor(clock: Clock, dice: Dice, port: GapsPort<N>) {
    this.#clock = clock
    this.#dice = dice
    this.#port = port
  }

  look(life: BroadcastLife, history: History, from: N): void {
    const key = lifeKey(life)
    if (this.#waiting.has(key) || this.#waiting.size >= heldBackMax || history.gaps().length === 0) return
    this.#askLater({ key, life, history, from }, 0)
  }

  stop(): void {
    for (const cancel of this.#waiting.values()) cancel()
    this.#waiting.clear()
  }

  #askLater(gap: { readonly key: string; readonly life: BroadcastLife; readonly history: History; readonly from: N }, tries: number): void {
    const afterMs = gapAsksMs[tries]
    if (afterMs === undefined) return void this.#waiting.delete(gap.key)
    const cancel = this.#clock.setTimer(afterMs, () => {
      const ranges = gap.history.gaps()
      const neighbours = [...this.#port.neighbours()]
      if (ranges.length === 0) return void this.#waiting.delete(gap.key)
      const asked =
        tries === 0 && neighbours.includes(gap.from) ? gap.from : neighbours[Math.floor(this.#dice.random() * neighbours.length)]
      if (asked !== undefined) this.#port.ask(asked, gap.life, ranges)
      this.#askLater(gap, tries + 1)
    })
    this.#waiting.set(gap.key, cancel)
  }
}
