import type { Mesh, ServiceListing } from '@hopmesh/browser'
import { hueOf } from '../colour.ts'
import { element, panel, setText } from '../element.ts'
import { KeyedList } from '../keyed-list.ts'
import type { Row } from '../keyed-list.ts'
import type { People } from '../people.ts'
import { hops, milliseconds, sentenceForError, span } from '../plain-words.ts'
import type { Panel } from './panel.ts'

class ServiceRow implements Row<ServiceListing> {
  readonly node: HTMLElement
  readonly #mesh: Mesh
  readonly #people: People
  readonly #provider = element('span', { 'data-testid': 'service-provider' })
  readonly #load = element('span', { class: 'facts', 'data-testid': 'service-load' })
  readonly #answer = element('output', { class: 'answer', 'data-testid': 'service-answer' })
  readonly #button: HTMLButtonElement

  constructor(offer: ServiceListing, mesh: Mesh, people: People) {
    this.#mesh = mesh
    this.#people = people
    const verb = offer.service === 'ping' ? 'Ping' : 'Call'
    this.#button = element('button', { type: 'button', 'data-testid': 'ping' }, verb)
    this.node = element(
      'li',
      {
        class: 'row',
        'data-testid': 'service',
        'data-service': offer.service,
        'data-address': offer.address,
        style: `--hue: ${hueOf(offer.address)}`,
      },
      element(
        'div',
        { class: 'grow' },
        element('div', { class: 'title' }, element('strong', {}, offer.service), this.#provider),
        this.#load,
        this.#answer,
      ),
      this.#button,
    )
    this.#button.addEventListener('click', () => void this.#call(offer))
  }

  update(offer: ServiceListing): void {
    const own = offer.address === this.#mesh.address
    const name = own ? 'this page' : this.#people.nameOf(offer.address)
    setText(this.#provider, `by ${name}`)
    const facts = [
      offer.load === 0 ? 'idle' : `load ${Math.round(offer.load * 100)} %`,
      own ? 'here' : hops(offer.hops),
      `for ${span(offer.knownMs)}`,
    ]
    setText(this.#load, facts.join(' · '))
    this.#button.setAttribute('aria-label', `${this.#button.textContent} ${name}`)
  }

  async #call(offer: ServiceListing): Promise<void> {
    this.#button.disabled = true
    setText(this.#answer, 'waiting …')
    const started = performance.now()
    try {
      const reply = await this.#mesh.call(offer.service, `hello from ${this.#people.ownName}`, {
        select: (offers) => offers.find(({ address }) => address === offer.address),
      })
      setText(this.#answer, `${reply.text().slice(0, 200)} (${milliseconds(performance.now() - started)})`)
    } catch (error) {
      setText(this.#answer, sentenceForError(error))
    } finally {
      this.#button.disabled = false
    }
  }
}

/** What can be called by name, and by whom it is offered. */
export class ServicesPanel implements Panel {
  readonly node: HTMLElement
  readonly #mesh: Mesh
  readonly #rows: KeyedList<ServiceListing>

  constructor(mesh: Mesh, people: People) {
    this.#mesh = mesh
    const list = element('ul', { class: 'rows', 'data-testid': 'services' })
    this.#rows = new KeyedList({
      list,
      key: (offer) => `${offer.service} ${offer.address}`,
      create: (offer) => new ServiceRow(offer, mesh, people),
    })
    this.node = panel(
      { title: 'Services', testId: 'services-panel' },
      element('p', { class: 'hint' }, 'Every page offers a service called “ping”. Call it, wherever it is.'),
      list,
    )
  }

  update(): void {
    const own = (offer: ServiceListing): number => (offer.address === this.#mesh.address ? 1 : 0)
    const offers = [...this.#mesh.services.list()].sort(
      (a, b) => own(a) - own(b) || a.service.localeCompare(b.service) || (a.address < b.address ? -1 : 1),
    )
    this.#rows.show(offers)
  }
}
