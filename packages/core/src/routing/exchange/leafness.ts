// A node whose links all lead to relays need not know everybody (R14): it says so, is told of some, and leaves the rest to
// the relay. While there is such a rest it carries nothing for others: who does not know the ways must not be one.

import { metricInfinite } from '../../wire/control.ts'
import type { LinkNeighbour } from '../link-neighbour.ts'

/** Rows that a leaf wants: as many as there are peers to show. A network with fewer members notices nothing. */
export const leafRowsMax = 500

export interface LeafnessPort {
  neighbours(): Iterable<LinkNeighbour>
  /** Whether anything but this node itself may be told to others is different now. */
  changed(): void
}

export class Leafness {
  readonly #mayBe: boolean
  readonly #always: boolean
  readonly #port: LeafnessPort
  /** What each relay was told that is wanted. */
  readonly #wanted = new Map<LinkNeighbour, number>()
  /** Relays that know more than they tell. */
  readonly #more = new Set<LinkNeighbour>()
  #stub = false

  /** `always`: it never carries anything for others, whatever its links are. */
  constructor(kind: 'member' | 'relay' | 'named', always: boolean, port: LeafnessPort) {
    this.#mayBe = kind === 'member'
    this.#always = always
    this.#port = port
    this.#stub = always
  }

  /** It tells nobody of others, and passes on nothing. */
  get isStub(): boolean {
    return this.#stub
  }

  /** Where packets for unknown members go. */
  get defaultRelay(): LinkNeighbour | undefined {
    let best: LinkNeighbour | undefined
    for (const relay of this.#more) if (relay.cost < metricInfinite && (best === undefined || relay.cost < best.cost)) best = relay
    return best
  }

  /** A neighbour came or went. */
  review(): void {
    if (!this.#mayBe) return
    const neighbours = [...this.#port.neighbours()]
    const wanted = this.#always || neighbours.every(({ kind }) => kind === 'relay') ? leafRowsMax : 0
    for (const neighbour of neighbours) {
      if (neighbour.kind !== 'relay' || this.#wanted.get(neighbour) === wanted) continue
      this.#wanted.set(neighbour, wanted)
      neighbour.link.sendControl({ type: 'rows', max: wanted })
    }
    this.#decide()
  }

  leave(neighbour: LinkNeighbour): void {
    this.#wanted.delete(neighbour)
    this.#more.delete(neighbour)
    this.review()
  }

  /** The relay knows more than it tells, or no longer. */
  more(neighbour: LinkNeighbour, more: boolean): void {
    if (!more || neighbour.kind !== 'relay' || !this.#wanted.get(neighbour)) this.#more.delete(neighbour)
    else this.#more.add(neighbour)
    this.#decide()
  }

  #decide(): void {
    const stub = this.#always || this.#more.size > 0
    if (stub === this.#stub) return
    this.#stub = stub
    this.#port.changed()
  }
}
