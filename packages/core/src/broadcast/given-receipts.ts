import { RangeSet } from '../bytes/range-set.ts'
import { receiptRangesMax } from '../identity/receipt-proof.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import type { Router } from '../routing/router.ts'
import type { BroadcastId, BroadcastLife, BroadcastRows, CounterRange } from '../wire/gossip-control.ts'
import { receiptAfterMs, receiptOriginsMax } from './broadcast-limits.ts'

interface Given {
  readonly life: BroadcastLife
  readonly has: RangeSet
  cancel: (() => void) | undefined
}

/** The receipts that this node gives: one says all that it has of one life of an origin. */
export class GivenReceipts {
  readonly #clock: Clock
  readonly #dice: Dice
  readonly #given = new Map<string, Given>()

  constructor(clock: Clock, dice: Dice) {
    this.#clock = clock
    this.#dice = dice
  }

  /** An earlier process of this address had these; whether it said so is not known. */
  recall(rows: readonly BroadcastRows[]): void {
    for (const { ranges, ...life } of rows) this.#has(life, ranges)
  }

  /** This one was delivered here, and its origin wants to know. */
  delivered(router: Router, { counter, ...life }: BroadcastId): void {
    this.#giveSoon(router, this.#has(life, [{ start: counter, end: counter + 1 }]))
  }

  /** The origin has not heard. */
  asked(router: Router, life: BroadcastLife): void {
    const given = this.#given.get(keyOf(life))
    if (given) this.#giveSoon(router, given)
  }

  close(): void {
    for (const { cancel } of this.#given.values()) cancel?.()
    this.#given.clear()
  }

  #has(life: BroadcastLife, ranges: readonly CounterRange[]): Given {
    const key = keyOf(life)
    const given = this.#given.get(key) ?? { life, has: new RangeSet(), cancel: undefined }
    this.#given.delete(key)
    this.#given.set(key, given)
    if (this.#given.size > receiptOriginsMax) this.#forgetOldest()
    for (const { start, end } of ranges) given.has.add(start, end)
    given.has.keepHighest(receiptRangesMax)
    return given
  }

  #giveSoon(router: Router, given: Given): void {
    given.cancel ??= this.#clock.setTimer(receiptAfterMs * (0.5 + this.#dice.random()), () => {
      given.cancel = undefined
      router.acknowledge({ ...given.life, ranges: [...given.has.ranges()] })
    })
  }

  #forgetOldest(): void {
    const [oldest] = this.#given
    if (!oldest) return
    oldest[1].cancel?.()
    this.#given.delete(oldest[0])
  }
}

function keyOf({ origin, epoch, fleeting }: BroadcastLife): string {
  return `${origin} ${epoch} ${fleeting}`
}
