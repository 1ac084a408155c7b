// Plain nodes that are gone without a word: a link to one stays for a quarter of an hour until the operating system gives it
// up. Every stack answers a query; some devices do not, and are left alone.

import { netStates } from '../wire/packet.ts'
import type { PlainEdgePort } from './plain-edge-port.ts'
import type { PlainNeighbour } from './plain-neighbour.ts'
import type { PlainNeighbours } from './plain-neighbours.ts'

/** Whether it is one that answers is found out when it has settled. */
const firstAskedAfterMs = 12_000
/** Not often, for the Python router answers on all its links, with all that it knows. */
const silentMs = 120_000
/** An app may keep its router busy. */
const answerMs = 15_000

export class SilentNodes {
  readonly #port: PlainEdgePort
  readonly #neighbours: PlainNeighbours
  /** What it taught counts no more. */
  readonly #silent: (neighbour: PlainNeighbour) => void

  constructor(port: PlainEdgePort, neighbours: PlainNeighbours, silent: (neighbour: PlainNeighbour) => void) {
    this.#port = port
    this.#neighbours = neighbours
    this.#silent = silent
  }

  join(neighbour: PlainNeighbour): void {
    this.#neighbours.after(neighbour, firstAskedAfterMs, () => this.#ask(neighbour))
  }

  #ask(neighbour: PlainNeighbour): void {
    const now = this.#port.clock.now()
    const isKnown = !neighbour.heard || neighbour.silent || (neighbour.answers && now - neighbour.heardAt < silentMs)
    if (isKnown) return void this.#neighbours.after(neighbour, silentMs, () => this.#ask(neighbour))
    neighbour.link.sendPlain([{ netState: netStates.query }])
    this.#neighbours.after(neighbour, answerMs, () => {
      const answered = neighbour.heardAt >= now
      if (!answered && !neighbour.answers) return
      neighbour.answers = true
      if (!answered) this.#silent(neighbour)
      this.#neighbours.after(neighbour, silentMs, () => this.#ask(neighbour))
    })
  }
}
