import type { Carries } from '../../channel/channel.ts'
import { plainStacks } from '../plain-models/plain-stack.ts'
import type { PlainStackName } from '../plain-models/plain-stack.ts'
import type { SeededDice } from '../seeded-dice.ts'
import type { EdgeLink } from './plain-edge-faults.ts'

/** Three to seven nodes of ours that hang together, and four plain ones at their edge, two of them with two gateways. */
export class PlainEdgeGraph {
  readonly ours: string[] = []
  readonly plain: Map<string, PlainStackName> = new Map()
  readonly links: EdgeLink[] = []
  /** One plain node has a link to another one, too. */
  readonly chained: boolean
  readonly #dice: SeededDice

  constructor(dice: SeededDice, chained: boolean | undefined) {
    this.#dice = dice
    for (let index = dice.between(3, 7); index > 0; index -= 1) this.ours.push(`${dice.chance(0.4) ? 'relay' : 'member'}${index}`)
    for (const [index, name] of this.ours.entries())
      if (index > 0) this.#addLink(name, this.ours[dice.between(0, index - 1)] as string, 'frames')
    for (let extra = dice.between(1, this.ours.length); extra > 0; extra -= 1) this.#addLink(this.#drawOurs(), this.#drawOurs(), 'frames')
    for (const [index, name] of ['plain1', 'plain2', 'plain3', 'plain4'].entries()) {
      const stack = plainStacks[dice.pick(['python', 'nodejs', 'go'] as const)]
      this.plain.set(name, stack.name)
      for (let ways = index < 2 ? 2 : 1; ways > 0; ways -= 1) this.#addLink(name, this.#drawOurs(name), dice.pick(stack.carries))
    }
    // A chain, never a ring of plain nodes alone: no rule of ours ends what circulates there.
    this.chained = chained ?? dice.chance(1 / 3)
    if (this.chained) this.#addLink('plain4', dice.pick(['plain1', 'plain2', 'plain3']), 'stream')
  }

  /** One that `name` has no link to yet. */
  #drawOurs(name = ''): string {
    return this.#dice.pick(this.ours.filter((ours) => !this.links.some(({ from, to }) => from === name && to === ours)))
  }

  #addLink(from: string, to: string, carries: Carries): void {
    const joined = this.links.some((link) => (link.from === from && link.to === to) || (link.from === to && link.to === from))
    if (from !== to && !joined) this.links.push({ from, to, carries })
  }
}
