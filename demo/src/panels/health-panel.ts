import type { Healed, Mesh } from '@hopmesh/browser'
import { element, panel, setText } from '../element.ts'
import { sentenceForError } from '../plain-words.ts'
import type { Panel } from './panel.ts'

/** How this page does in the mesh, and the button for whoever does not want to wait until it is better. */
export class HealthPanel implements Panel {
  readonly node: HTMLElement
  readonly #mesh: Mesh
  readonly #facts = element('p', { class: 'facts', 'data-testid': 'health-facts' })
  readonly #heal = element('button', { type: 'button', 'data-testid': 'heal' }, 'Heal')
  readonly #note = element('span', { class: 'note', role: 'status', 'data-testid': 'heal-note' })

  constructor(mesh: Mesh) {
    this.#mesh = mesh
    this.#heal.title = 'Try everything that is away again, at once'
    this.#heal.addEventListener('click', () => void this.#press())
    this.node = panel(
      { title: 'Health', testId: 'health-panel' },
      this.#facts,
      element('div', { class: 'actions' }, this.#heal, this.#note),
    )
  }

  update(): void {
    const { links, reachable, forwarded, faults } = this.#mesh.health()
    const odd = Object.values(faults).reduce((sum, times) => sum + times, 0)
    setText(
      this.#facts,
      [count(links.length, 'link'), `${reachable} in reach`, `${forwarded} passed on for others`, `${odd} oddities survived`].join(' · '),
    )
  }

  async #press(): Promise<void> {
    this.#heal.disabled = true
    setText(this.#note, 'Trying everything that is away …')
    try {
      setText(this.#note, wordsFor(await this.#mesh.heal()))
    } catch (error) {
      setText(this.#note, sentenceForError(error))
    } finally {
      this.#heal.disabled = false
    }
  }
}

function wordsFor({ relays, devices, neighbours }: Healed): string {
  const done = [
    relays > 0 ? `dialed ${count(relays, 'relay')}` : '',
    devices > 0 ? `tried ${count(devices, 'device')}` : '',
    neighbours > 0 ? `asked ${count(neighbours, 'neighbour')}` : '',
  ].filter((words) => words !== '')
  return done.length > 0 ? `${done.join(', ')}.` : 'Nothing was away.'
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
