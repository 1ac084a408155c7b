// A broadcast that seems to be of another time: its origin's clock may be wrong, or one's own, or somebody tells an old one again.
// Its origin is asked what time it is there; what it says is sealed, so nobody on the way can make an old broadcast young.

import { RecentMap } from '../bytes/recent-map.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import type { BroadcastLife } from '../wire/gossip-control.ts'
import { lifeKey } from './broadcast-key.ts'
import { clocksKnownMax, doubtedMax, doubtedOfOneMax, doubtAfterMsMax } from './gossip-limits.ts'

/** What a member says its clock shows, in milliseconds since 1970; undefined: it does not say. */
export type ClockQuestion = (address: string) => Promise<number | undefined>

/** What waits for the answer of one origin. */
interface Doubts {
  readonly waiting: Doubt[]
  readonly cancel: () => void
}

interface Doubt {
  readonly known: () => void
  readonly giveUp: () => void
}

export class DoubtedDates {
  /** Undefined: nobody can be asked. */
  question: ClockQuestion | undefined
  readonly #clock: Clock
  readonly #dice: Dice
  /** How much the clock of a life is ahead of this one's. */
  readonly #aheadMs = new RecentMap<string, number>(clocksKnownMax)
  readonly #doubts = new Map<string, Doubts>()

  constructor(clock: Clock, dice: Dice) {
    this.#clock = clock
    this.#dice = dice
  }

  aheadMs(life: BroadcastLife): number {
    return this.#aheadMs.get(lifeKey(life)) ?? 0
  }

  /** `known`: its origin said what time it is there, and the date may be right by that. */
  ask(life: BroadcastLife, doubt: Doubt): void {
    const key = lifeKey(life)
    const asked = this.#doubts.get(key)?.waiting
    if (this.question === undefined || this.#aheadMs.has(key) || (asked?.length ?? 0) >= doubtedOfOneMax) return doubt.giveUp()
    if (asked) return void asked.push(doubt)
    if (this.#doubts.size >= doubtedMax) return doubt.giveUp()
    // All who hear it may have the same doubt.
    const cancel = this.#clock.setTimer(doubtAfterMsMax * this.#dice.random(), () => this.#ask(life.origin, key))
    this.#doubts.set(key, { waiting: [doubt], cancel })
  }

  stop(): void {
    for (const { cancel } of this.#doubts.values()) cancel()
    this.#doubts.clear()
  }

  #ask(origin: string, key: string): void {
    const settle = (theirs: number | undefined): void => {
      const doubts = this.#doubts.get(key)?.waiting ?? []
      this.#doubts.delete(key)
      if (theirs !== undefined) this.#aheadMs.set(key, theirs - this.#clock.wallTime())
      for (const { known, giveUp } of doubts) (theirs === undefined ? giveUp : known)()
    }
    if (!this.question) return settle(undefined)
    this.question(origin).then(settle, () => settle(undefined))
  }
}
