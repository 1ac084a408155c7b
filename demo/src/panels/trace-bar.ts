import { element, setText } from '../element.ts'
import type { People } from '../people.ts'
import { hops, milliseconds, timeWords } from '../plain-words.ts'
import type { Tracing, TracingView } from '../tracing.ts'

/** Below the picture: who is chosen, the button that looks for the way, and the way in words. */
export class TraceBar {
  readonly node: HTMLElement
  readonly #people: People
  readonly #name = element('strong', { 'data-testid': 'trace-target' })
  readonly #button = element('button', { type: 'button', 'data-testid': 'trace' }, 'Trace')
  readonly #close = element(
    'button',
    { type: 'button', class: 'quiet', 'aria-label': 'Put the trace away', 'data-testid': 'trace-close' },
    '×',
  )
  readonly #status = element('span', { class: 'note', role: 'status', 'data-testid': 'trace-status' })
  readonly #hops = element('ol', { class: 'trace-hops', 'data-testid': 'trace-hops', 'aria-label': 'The way, hop by hop' })

  constructor(tracing: Tracing, people: People) {
    this.#people = people
    this.node = element(
      'div',
      { class: 'trace', hidden: true, 'data-testid': 'trace-bar' },
      element('div', { class: 'trace-head' }, this.#name, this.#button, this.#status, this.#close),
      this.#hops,
    )
    this.#button.addEventListener('click', () => void tracing.start())
    this.#close.addEventListener('click', () => tracing.choose(undefined))
    tracing.onChange((view) => this.#show(view))
  }

  #show(view: TracingView): void {
    const { chosen, running, trace } = view
    this.node.hidden = chosen === undefined
    if (chosen === undefined) return
    setText(this.#name, this.#people.nameOf(chosen))
    setText(this.#button, trace === undefined ? 'Trace' : 'Trace again')
    this.#button.disabled = running
    setText(this.#status, this.#words(view))
    const steps = trace?.hops.map(({ hop, address, kind, roundTripMs }) => {
      const name = address === undefined ? 'somebody silent' : this.#people.nameOf(address)
      const time = element('span', { class: 'trace-time' }, timeWords(roundTripMs, kind))
      return element('li', { 'data-testid': 'trace-hop', style: `--hop: ${hop}` }, name, ' ', time)
    })
    this.#hops.replaceChildren(...(steps ? [element('li', { class: 'here' }, 'this page'), ...steps] : []))
  }

  #words({ running, trace, trouble }: TracingView): string {
    if (running) return 'Looking for the way …'
    if (trouble !== '') return trouble
    if (trace === undefined) return ''
    const last = trace.hops.findLast(({ roundTripMs }) => roundTripMs !== undefined)
    const way = hops(trace.hops.length)
    if (last?.roundTripMs === undefined) return way
    const asFarAs = last === trace.hops.at(-1) ? 'there' : `to ${this.#people.nameOf(last.address ?? '')}`
    return `${way}, ${milliseconds(last.roundTripMs)} ${asFarAs} and back`
  }
}
