import type { Mesh } from '@hopmesh/browser'
import { element, setText } from '../element.ts'
import type { Parameters } from '../parameters.ts'

type State = 'connecting' | 'online' | 'offline' | 'refused'

const words: Readonly<Record<State, string>> = {
  connecting: 'connecting …',
  online: 'online',
  offline: 'offline, trying again …',
  refused: 'not let in',
}

/** Who this page is, and whether it is in the mesh. */
export class HeaderPanel {
  readonly node: HTMLElement
  readonly #mesh: Mesh
  readonly #state = element('span', { class: 'state', role: 'status', 'data-testid': 'state' })
  readonly #address = element('code', { class: 'address', 'data-testid': 'own-address' })

  constructor(mesh: Mesh, parameters: Parameters) {
    this.#mesh = mesh
    this.node = element(
      'header',
      { class: 'top' },
      element(
        'div',
        { class: 'brand' },
        element('img', { src: './icon.svg', alt: '', width: 34, height: 34 }),
        element('h1', {}, 'hopmesh'),
      ),
      element(
        'div',
        { class: 'me' },
        element(
          'span',
          { class: 'who' },
          'You are ',
          element('strong', { 'data-testid': 'own-name' }, parameters.name),
          ` in the network “${parameters.network}” `,
          keyTag(parameters),
        ),
        this.#address,
      ),
      this.#state,
    )
    this.#show('connecting')
    mesh.on('online', () => this.#show('online'))
    mesh.on('offline', () => this.#show('offline'))
    mesh.on('address', () => this.ready())
    mesh.on('warning', () => {
      const relays = mesh.relays.list()
      if (!mesh.online && relays.length > 0 && relays.every(({ state }) => state === 'refused')) this.#show('refused')
    })
  }

  /** Called once the identity is loaded. */
  ready(): void {
    setText(this.#address, this.#mesh.address)
  }

  #show(state: State): void {
    this.#state.dataset['state'] = state
    setText(this.#state, words[state])
  }
}

function keyTag({ key }: Parameters): HTMLElement {
  return element('span', { class: 'tag', 'data-testid': 'network-key' }, key === undefined ? 'open to everybody' : 'with a key')
}
