import { Backoff } from '../async/backoff.ts'
import type { Clock } from '../ports/clock.ts'
import type { Dice } from '../ports/dice.ts'
import type { Router } from '../routing/router.ts'
import type { Destination } from '../routing/routing-types.ts'
import type { DirectLinks, Outcome } from './direct-links.ts'

/** Links that the mesh makes at one time: more would slow each of them down. */
const dialsMax = 3
const lookEveryMs = 2_000
/** Changes come in crowds: look once for all of them. */
const lookSoonMs = 200
/** A peer that said BUSY is not asked again before. */
const busyMs = 60_000

export interface LinkDegreeOptions {
  readonly clock: Clock
  readonly dice: Dice
  readonly router: Router
  readonly links: DirectLinks
  /** Direct member links that the mesh keeps up by itself; 0: none. */
  readonly degree: number
}

interface Misfortune {
  readonly backoff: Backoff
  until: number
}

/**
 * Holds the number of direct links at `degree`: every few seconds it compares what is with what should be, and dials
 * random members that can be reached. A peer that failed waits longer each time.
 */
export class LinkDegree {
  readonly #options: LinkDegreeOptions
  readonly #dialing = new Set<string>()
  readonly #misfortunes = new Map<string, Misfortune>()
  #lookAt = Infinity
  #cancelTimer: (() => void) | undefined

  constructor(options: LinkDegreeOptions) {
    this.#options = options
    options.links.onOutcome = (address, outcome) => this.#outcome(address, outcome)
  }

  /** Who can be reached has changed. */
  nudge(address: string): void {
    const { degree, router } = this.#options
    if (degree === 0) return
    if (!router.destination(address)) this.#misfortunes.delete(address)
    this.#lookIn(lookSoonMs)
  }

  /** Looks now, also at those that failed lately. */
  hurry(): void {
    if (this.#options.degree === 0) return
    this.#misfortunes.clear()
    this.#lookIn(0)
  }

  close(): void {
    this.#cancelTimer?.()
    this.#lookAt = -Infinity
  }

  #lookIn(delayMs: number): void {
    const { clock, dice } = this.#options
    const at = clock.now() + delayMs
    if (at >= this.#lookAt) return
    this.#cancelTimer?.()
    this.#lookAt = at
    this.#cancelTimer = clock.setTimer(delayMs * (0.75 + dice.random() / 2), () => {
      this.#lookAt = Infinity
      this.#look()
    })
  }

  #look(): void {
    const { degree, links } = this.#options
    const missing = degree - links.count() - this.#dialing.size
    const free = Math.min(missing, dialsMax - this.#dialing.size)
    const candidates = this.#candidates()
    for (let count = 0; count < free && candidates.length; count += 1) {
      const [chosen] = candidates.splice(Math.floor(this.#options.dice.random() * candidates.length), 1)
      if (!chosen) break
      this.#dialing.add(chosen.address)
      if (!links.seek(chosen.address)) this.#dialing.delete(chosen.address)
    }
    // With nobody to dial there is nothing to do until somebody comes; then `nudge` looks.
    if (missing > 0 && (candidates.length || this.#misfortunes.size)) this.#lookIn(lookEveryMs)
  }

  #candidates(): Destination[] {
    const { router, links, clock } = this.#options
    const now = clock.now()
    return router
      .routes()
      .filter((destination) => links.canReach(destination) && !links.isNegotiating(destination.address))
      .filter(({ address }) => (this.#misfortunes.get(address)?.until ?? 0) <= now)
  }

  #outcome(address: string, outcome: Outcome): void {
    const { clock, dice, router } = this.#options
    this.#dialing.delete(address)
    if (outcome === 'linked') this.#misfortunes.delete(address)
    else if (router.destination(address)) {
      const misfortune = this.#misfortunes.get(address) ?? { backoff: new Backoff(dice, { firstMs: 4_000, mostMs: 120_000 }), until: 0 }
      this.#misfortunes.set(address, misfortune)
      misfortune.until = clock.now() + (outcome === 'busy' ? busyMs : misfortune.backoff.next())
    }
    this.#lookIn(lookSoonMs)
  }
}
