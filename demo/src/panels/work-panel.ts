import type { Mesh, Registration, ServiceListing } from '@hopmesh/browser'
import { hueOf } from '../colour.ts'
import { element, panel, setText } from '../element.ts'
import { KeyedList } from '../keyed-list.ts'
import type { Row } from '../keyed-list.ts'
import type { People } from '../people.ts'
import { milliseconds, sentenceForError } from '../plain-words.ts'
import type { Panel } from './panel.ts'

const service = 'work'

class WorkerRow implements Row<ServiceListing> {
  readonly node: HTMLElement
  readonly #people: People
  readonly #name = element('strong')
  readonly #meter = element('meter', { min: 0, max: 1, low: 0.5, high: 0.8, optimum: 0, 'data-testid': 'worker-meter' })
  readonly #load = element('span', { class: 'facts', 'data-testid': 'worker-load' })
  readonly #done = element('span', { class: 'facts', 'data-testid': 'worker-done' })
  readonly #counts: ReadonlyMap<string, number>

  constructor(offer: ServiceListing, people: People, counts: ReadonlyMap<string, number>) {
    this.#people = people
    this.#counts = counts
    this.node = element(
      'li',
      { class: 'row worker', 'data-testid': 'worker', style: `--hue: ${hueOf(offer.address)}` },
      element('div', { class: 'grow' }, element('div', { class: 'title' }, this.#name, this.#load), this.#done),
      this.#meter,
    )
  }

  update({ address, load, local }: ServiceListing): void {
    const done = this.#counts.get(address) ?? 0
    const name = local ? 'this page' : this.#people.nameOf(address)
    setText(this.#name, name)
    this.#meter.value = load
    this.#meter.setAttribute('aria-label', `load of ${name}`)
    setText(this.#load, `load ${Math.round(load * 100)} %`)
    setText(this.#done, done === 0 ? 'nothing done for this page yet' : `did ${done} for this page`)
  }
}

/** One service that any page can offer: a call goes to the provider with the least load. */
export class WorkPanel implements Panel {
  readonly node: HTMLElement
  readonly #mesh: Mesh
  readonly #people: People
  readonly #rows: KeyedList<ServiceListing>
  /** By address of who did it. */
  readonly #done = new Map<string, number>()
  readonly #offer = element('button', { type: 'button', 'data-testid': 'work-offer', 'aria-pressed': 'false' }, 'Offer work')
  readonly #load = element('input', {
    type: 'range',
    min: 0,
    max: 100,
    value: 0,
    disabled: true,
    'aria-label': 'Load of this page',
    'data-testid': 'work-load',
  })
  readonly #answer = element('output', { class: 'answer', 'data-testid': 'work-answer' })
  readonly #ask = element('button', { type: 'button', 'data-testid': 'work-call' }, 'Have work done')
  #registration: Registration | undefined

  constructor(mesh: Mesh, people: People) {
    this.#mesh = mesh
    this.#people = people
    const list = element('ul', { class: 'rows', 'data-testid': 'workers' })
    this.#rows = new KeyedList({ list, key: ({ address }) => address, create: (offer) => new WorkerRow(offer, people, this.#done) })
    this.#offer.addEventListener('click', () => this.#toggle())
    this.#load.addEventListener('input', () => this.#setLoad())
    this.#ask.addEventListener('click', () => void this.#call())
    this.node = panel(
      { title: 'Work', testId: 'work-panel' },
      element('p', { class: 'hint' }, 'Several pages offer the same service. A call goes to the one with the least load.'),
      element('div', { class: 'ask' }, this.#offer, element('label', {}, 'My load ', this.#load)),
      list,
      element('div', { class: 'ask' }, this.#ask, this.#answer),
    )
    this.update()
  }

  update(): void {
    const offers = this.#offers()
    this.#rows.show(offers)
    this.#ask.disabled = !offers.some(({ local }) => !local)
  }

  #offers(): ServiceListing[] {
    return this.#mesh.services.list(service).sort((a, b) => a.load - b.load || (a.address < b.address ? -1 : 1))
  }

  #toggle(): void {
    if (this.#registration) {
      this.#registration.close()
      this.#registration = undefined
    } else {
      const handler = (): string => this.#people.ownName
      this.#registration = this.#mesh.services.register(service, handler, { load: this.#load.valueAsNumber / 100 })
    }
    const offered = this.#registration !== undefined
    setText(this.#offer, offered ? 'Stop offering' : 'Offer work')
    this.#offer.setAttribute('aria-pressed', String(offered))
    this.#load.disabled = !offered
    this.update()
  }

  #setLoad(): void {
    if (this.#registration) this.#registration.load = this.#load.valueAsNumber / 100
    this.update()
  }

  async #call(): Promise<void> {
    const started = performance.now()
    try {
      // One's own page would always be the nearest.
      const reply = await this.#mesh.call(service, 'some work', { select: (offers) => offers.find(({ local }) => !local) })
      this.#done.set(reply.from, (this.#done.get(reply.from) ?? 0) + 1)
      setText(this.#answer, `done by ${reply.text().slice(0, 64)} (${milliseconds(performance.now() - started)})`)
    } catch (error) {
      setText(this.#answer, sentenceForError(error))
    }
    this.update()
  }
}
