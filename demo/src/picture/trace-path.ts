import type { Trace } from '@hopmesh/browser'
import { shape } from '../element.ts'
import { timeWords } from '../plain-words.ts'

export interface Place {
  readonly x: number
  readonly y: number
}

/** A part of the way, from one node that answered to the next one. */
interface Stretch {
  readonly from: string
  readonly to: string
  readonly line: SVGLineElement
  /** Around the node at its end, and the time beside it. */
  readonly halo: SVGGElement
}

const badgeHeight = 20
const characterWidth = 6.8

/** The way of a trace, drawn over the picture: it lights up hop by hop, and each node shows the time to it and back. */
export class TracePath {
  /** To stand under the nodes. */
  readonly lines: SVGGElement = shape('g', { class: 'trace-lines' })
  /** To stand over them. */
  readonly marks: SVGGElement = shape('g', { class: 'trace-marks' })
  #stretches: Stretch[] = []

  show(self: string, trace: Trace | undefined): void {
    this.#stretches = []
    let from = self
    let silent = false
    for (const { hop, address, kind, roundTripMs } of trace?.hops ?? []) {
      if (address === undefined) {
        silent = true
        continue
      }
      this.#stretches.push(stretch({ from, to: address, hop, silent, words: timeWords(roundTripMs, kind) }))
      from = address
      silent = false
    }
    this.lines.replaceChildren(...this.#stretches.map(({ line }) => line))
    this.marks.replaceChildren(...this.#stretches.map(({ halo }) => halo))
  }

  /** Called whenever the nodes have moved. Who left takes its part of the way along. */
  move(placeOf: (address: string) => Place | undefined): void {
    for (const { from, to, line, halo } of this.#stretches) {
      const [start, end] = [placeOf(from), placeOf(to)]
      const hidden = start === undefined || end === undefined
      for (const node of [line, halo]) node.toggleAttribute('hidden', hidden)
      if (hidden) continue
      for (const [name, value] of Object.entries({ x1: start.x, y1: start.y, x2: end.x, y2: end.y })) line.setAttribute(name, String(value))
      halo.setAttribute('transform', `translate(${end.x} ${end.y})`)
    }
  }
}

interface StretchOptions {
  readonly from: string
  readonly to: string
  readonly hop: number
  /** Nodes in between did not answer. */
  readonly silent: boolean
  readonly words: string
}

function stretch({ from, to, hop, silent, words }: StretchOptions): Stretch {
  const style = `--hop: ${hop}`
  const width = words.length * characterWidth + 14
  return {
    from,
    to,
    line: shape('line', { class: silent ? 'trace-line silent' : 'trace-line', pathLength: 1, style, 'data-testid': 'trace-line' }),
    halo: shape(
      'g',
      { class: 'trace-mark', style, 'data-testid': 'trace-mark', 'data-address': to },
      shape('circle', { class: 'trace-halo', r: 20.5 }),
      shape('rect', { class: 'trace-badge', x: -width / 2, y: -25 - badgeHeight, width, height: badgeHeight, rx: badgeHeight / 2 }),
      shape('text', { y: -30.5 }, words),
    ),
  }
}
