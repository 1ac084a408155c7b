import { hueOf } from '../colour.ts'
import { element, setText, shape } from '../element.ts'
import type { Row } from '../keyed-list.ts'
import type { People } from '../people.ts'
import type { Reading, Series } from '../readings.ts'

const width = 160
const height = 40
const edge = 4

/** The last value of one source, and a small plot of those before it. */
export class ReadingRow implements Row<Series> {
  readonly node: HTMLElement
  readonly #people: People
  readonly #name = element('span', { class: 'facts', 'data-testid': 'reading-source' })
  readonly #value = element('strong', { class: 'value', 'data-testid': 'reading-value' })
  readonly #range = element('span', { class: 'facts' })
  readonly #line = shape('polyline', { class: 'plot-line' })
  readonly #last = shape('circle', { class: 'plot-last', r: 3 })
  readonly #plot = shape(
    'svg',
    { class: 'plot', viewBox: `0 0 ${width} ${height}`, role: 'img', 'data-testid': 'reading-plot' },
    this.#line,
    this.#last,
  )

  constructor(source: string, people: People) {
    this.#people = people
    this.node = element(
      'li',
      { class: 'row', 'data-testid': 'reading', 'data-source': source, style: `--hue: ${hueOf(source)}` },
      element('div', { class: 'grow' }, this.#value, this.#name, this.#range),
      this.#plot,
    )
  }

  update({ source, unit, readings }: Series): void {
    const name = this.#people.nameOf(source)
    const last = readings.at(-1)
    const values = readings.map(({ value }) => value)
    const [low, high] = [Math.min(...values), Math.max(...values)]
    setText(this.#name, `from ${name}`)
    setText(this.#value, last === undefined ? '' : `${last.value} ${unit}`.trim())
    setText(this.#range, low === high ? '' : `${low} to ${high}`)
    this.node.dataset['count'] = String(readings.length)
    this.#plot.setAttribute('aria-label', `${readings.length} readings from ${name}, between ${low} and ${high} ${unit}`.trim())
    this.#draw(readings, low, high)
  }

  #draw(readings: readonly Reading[], low: number, high: number): void {
    const first = readings[0]?.at ?? 0
    const span = (readings.at(-1)?.at ?? 0) - first
    const points = readings.map(({ value, at }) => ({
      x: span === 0 ? width - edge : edge + ((at - first) / span) * (width - 2 * edge),
      y: low === high ? height / 2 : height - edge - ((value - low) / (high - low)) * (height - 2 * edge),
    }))
    this.#line.setAttribute('points', points.map(({ x, y }) => `${x.toFixed(1)},${y.toFixed(1)}`).join(' '))
    const last = points.at(-1)
    if (last === undefined) return
    this.#last.setAttribute('cx', last.x.toFixed(1))
    this.#last.setAttribute('cy', last.y.toFixed(1))
  }
}
