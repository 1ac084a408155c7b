import type { Mesh } from '@hopmesh/browser'
import { element } from '../element.ts'
import { sentenceFor } from '../plain-words.ts'
import type { Panel } from './panel.ts'

const warningsMax = 6

// These describe a moment, and are over once the page is online again.
const passing: ReadonlySet<string> = new Set([
  'RESTARTING',
  'LINK_FAILED',
  'LINK_FLAPS',
  'GREETING_TIMEOUT',
  'NETWORK_KEY_MISMATCH',
  'TOKEN_EXPIRED',
  'TOKEN_REFUSED',
  'TOKEN_REQUIRED',
])

// A relay that pins no key says so to whoever has just come, a moment before the page is online; a refusal is over by then.
const justComeMs = 2_000

/** What the library wants people to know, one plain sentence for each code. */
export class WarningsPanel implements Panel {
  readonly node: HTMLElement = element('div', { class: 'warnings', role: 'status', 'aria-live': 'polite', 'data-testid': 'warnings' })
  readonly #mesh: Mesh
  #relayAway = false

  constructor(mesh: Mesh) {
    this.#mesh = mesh
    mesh.on('warning', ({ code, message }) => this.#add(code, message))
    mesh.on('error', (error) => this.#add(error.code, error.message))
    mesh.on('online', () => this.#drop((code, ageMs) => passing.has(code) && (code !== 'NETWORK_KEY_MISMATCH' || ageMs > justComeMs)))
  }

  update(): void {
    this.#lookForRelay()
    const company = [...this.#mesh.peers.values()].some((peer) => peer.kind !== 'relay' && peer.state === 'active')
    if (company) this.#drop((code) => code === 'ALONE_IN_NETWORK')
  }

  // Said once for each absence: whoever dismissed it knows.
  #lookForRelay(): void {
    const away = this.#mesh.relays.list().find(({ state, error }) => state !== 'online' && error !== undefined)
    if (away === undefined) this.#drop((code) => code === 'RELAY_UNREACHABLE')
    else if (!this.#relayAway && away.state !== 'refused') this.#add('RELAY_UNREACHABLE', `${away.url} cannot be reached`)
    this.#relayAway = away !== undefined
  }

  #add(code: string, message: string): void {
    this.#drop((shown) => shown === code)
    const close = element('button', { type: 'button', class: 'quiet', 'aria-label': 'Dismiss' }, '×')
    const note = element(
      'p',
      { class: 'warning', 'data-testid': 'warning', 'data-code': code, 'data-since': Date.now() },
      element('span', {}, sentenceFor(code, message), ' ', element('code', {}, code)),
      close,
    )
    close.addEventListener('click', () => note.remove())
    this.node.append(note)
    while (this.node.children.length > warningsMax) this.node.firstElementChild?.remove()
  }

  #drop(matches: (code: string, ageMs: number) => boolean): void {
    for (const note of this.node.querySelectorAll<HTMLElement>('[data-code]')) {
      const { code = '', since } = note.dataset
      if (matches(code, Date.now() - Number(since))) note.remove()
    }
  }
}
