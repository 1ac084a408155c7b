import { element, setText } from '../element.ts'
import { linkForOthers } from '../parameters.ts'

/** What this is, and what to do first. */
export class WelcomePanel {
  readonly node: HTMLElement
  readonly #copied = element('span', { class: 'note', role: 'status', 'data-testid': 'copied' })

  constructor(key: string | undefined) {
    const link = linkForOthers(location, key)
    const open = element(
      'a',
      { class: 'button', href: link, target: '_blank', rel: 'noopener', 'data-testid': 'open-tab' },
      'Open this page in a second tab',
    )
    const field = element('input', { type: 'text', readonly: true, value: link, 'aria-label': 'Link to this page', 'data-testid': 'link' })
    const copy = element('button', { type: 'button', 'data-testid': 'copy-link' }, 'Copy link')
    field.addEventListener('focus', () => field.select())
    copy.addEventListener('click', () => void this.#copy(field))
    this.node = element(
      'section',
      { class: 'welcome', 'aria-label': 'What this is' },
      element(
        'p',
        {},
        'This page is a node of a mesh. Every tab, phone, server and device that joins can reach every other one by whatever path there is: straight, through one another, or through a relay. Open it twice and watch.',
      ),
      ...(key === undefined
        ? []
        : [
            element(
              'p',
              { 'data-testid': 'keyed-hint' },
              'This network has a key, and the link holds it: whoever has the link can join, nobody else can.',
            ),
          ]),
      element('div', { class: 'actions' }, open, element('div', { class: 'share' }, field, copy, this.#copied)),
    )
  }

  async #copy(field: HTMLInputElement): Promise<void> {
    try {
      await navigator.clipboard.writeText(field.value)
      setText(this.#copied, 'copied')
    } catch {
      // On plain http there is no clipboard for pages: the selected text can be copied by hand.
      field.focus()
      field.select()
      setText(this.#copied, 'press Ctrl+C')
    }
  }
}
