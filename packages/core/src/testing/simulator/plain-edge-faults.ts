// What goes wrong at the edge. The core stays whole: what a network does without a way is not the question here.

import type { Carries } from '../../channel/channel.ts'
import type { SeededDice } from '../seeded-dice.ts'
import type { SimNetwork } from './sim-network.ts'

export const plainFaultKinds = [
  'cut',
  'cut core',
  'heal',
  'stall',
  'delay',
  'restart plain',
  'vanish plain',
  'restart ours',
  'service',
] as const

export type PlainFaultKind = (typeof plainFaultKinds)[number]

export interface PlainFaultTargets {
  restartOurs(name: string): void
  /** Told: its neighbours hear of its end. */
  restartPlain(name: string, told: boolean): void
  changeService(name: string): void
}

export interface EdgeLink {
  /** Who dials. */
  readonly from: string
  readonly to: string
  readonly carries: Carries
}

export class PlainEdgeFaults {
  readonly #network: SimNetwork
  readonly #dice: SeededDice
  readonly #links: readonly EdgeLink[]
  readonly #targets: PlainFaultTargets
  readonly #broken = new Set<EdgeLink>()
  readonly #stalled = new Set<EdgeLink>()

  constructor(network: SimNetwork, dice: SeededDice, links: readonly EdgeLink[], targets: PlainFaultTargets) {
    this.#network = network
    this.#dice = dice
    this.#links = links
    this.#targets = targets
  }

  /** Does one thing and says what. */
  inject(kinds: readonly PlainFaultKind[], ours: readonly string[], plain: readonly string[]): string {
    const kind = this.#dice.pick(kinds)
    return `${kind} ${this.#faults[kind](ours, plain)}`
  }

  /** A stall is a fault that ends. */
  endStalls(): void {
    for (const { from, to } of this.#stalled) this.#network.heal(from, to)
    this.#stalled.clear()
  }

  readonly #faults: Readonly<Record<PlainFaultKind, (ours: readonly string[], plain: readonly string[]) => string>> = {
    cut: () => this.#cut(this.#links.filter(({ carries }) => carries !== 'frames')),
    'cut core': (ours) => this.#cut(this.#links.filter((link) => link.carries === 'frames' && this.#isWhole(ours, link))),
    heal: () => {
      const [link] = [...this.#broken]
      if (link === undefined) return 'nothing'
      this.#broken.delete(link)
      this.#network.heal(link.from, link.to)
      return named(link)
    },
    stall: () => {
      const link = this.#dice.pick(this.#links)
      if (this.#broken.has(link)) return 'nothing'
      this.#stalled.add(link)
      this.#network.stall(link.from, link.to)
      this.#network.stall(link.to, link.from)
      return named(link)
    },
    delay: () => {
      const link = this.#dice.pick(this.#links)
      const latencyMs = this.#dice.between(1, 400)
      this.#network.path(link.from, link.to).latencyMs = latencyMs
      return `${latencyMs} ms ${named(link)}`
    },
    'restart plain': (_, plain) => this.#restartPlain(plain, true),
    'vanish plain': (_, plain) => this.#restartPlain(plain, false),
    'restart ours': (ours) => {
      const name = this.#dice.pick(ours)
      this.#targets.restartOurs(name)
      return name
    },
    service: (ours, plain) => {
      const name = this.#dice.pick([...ours, ...plain])
      this.#targets.changeService(name)
      return name
    },
  }

  #restartPlain(plain: readonly string[], told: boolean): string {
    const name = this.#dice.pick(plain)
    this.#targets.restartPlain(name, told)
    return name
  }

  #cut(links: readonly EdgeLink[]): string {
    const sound = links.filter((link) => !this.#broken.has(link) && !this.#stalled.has(link))
    if (sound.length === 0) return 'nothing'
    const link = this.#dice.pick(sound)
    this.#broken.add(link)
    this.#network.cut(link.from, link.to)
    return named(link)
  }

  /** Whether ours would hang together without this link. */
  #isWhole(ours: readonly string[], without: EdgeLink): boolean {
    const joined = new Set(ours.slice(0, 1))
    for (const at of joined) {
      for (const link of this.#links) {
        if (link === without || link.carries !== 'frames' || this.#broken.has(link)) continue
        if (link.from === at) joined.add(link.to)
        if (link.to === at) joined.add(link.from)
      }
    }
    return joined.size === ours.length
  }
}

function named({ from, to }: EdgeLink): string {
  return `${from} ${to}`
}
