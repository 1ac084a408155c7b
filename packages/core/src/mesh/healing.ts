// What a node does to be whole again: nothing waits for its next try, and nobody is believed to be there without a sign.

import type { Clock } from '../ports/clock.ts'
import type { StartedRouter } from './start-router.ts'

/** Where several links are lost one after another, the first one began it all. */
const automaticEveryMs = 1_000

/** What `heal` set about. */
export interface Healed {
  /** Relays that were not online and were dialed at once. */
  readonly relays: number
  /** Devices that were away and were tried at once. */
  readonly devices: number
  /** Neighbours that were asked for all that they know; 0 when they were asked within the last 5 s. */
  readonly neighbours: number
}

export interface HealingOptions {
  readonly clock: Clock
  readonly relays: { hurry(options: { refused: boolean }): Promise<void>[] }
  readonly devices: readonly { hurry(): Promise<void>[] }[]
  started(): (Pick<StartedRouter, 'router'> & { readonly degree: { hurry(): void } }) | undefined
}

export class Healing {
  readonly #options: HealingOptions
  #lostAt = Number.NEGATIVE_INFINITY

  constructor(options: HealingOptions) {
    this.#options = options
  }

  /** Resolves when each try has come to something. */
  async heal(): Promise<Healed> {
    const { started } = this.#options
    const neighbours = started()?.router.refresh() ?? 0
    const { relays, devices } = this.#dial({ refused: true })
    started()?.degree.hurry()
    await Promise.all([...relays, ...devices])
    return { relays: relays.length, devices: devices.length, neighbours }
  }

  /**
   * A link was lost. What its neighbour told is gone and what the others told is still here: they have to be asked only whether
   * they are there, and their answer says whether both sides know the same.
   */
  lost(): void {
    const now = this.#options.clock.now()
    if (now - this.#lostAt < automaticEveryMs) return
    this.#lostAt = now
    this.#options.started()?.router.probeLinks()
    this.#dial({ refused: false })
  }

  #dial(options: { refused: boolean }): { relays: Promise<void>[]; devices: Promise<void>[] } {
    const { relays, devices } = this.#options
    return { relays: relays.hurry(options), devices: devices.flatMap((medium) => medium.hurry()) }
  }
}
