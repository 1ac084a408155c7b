import type { Mesh, Message } from '@hopmesh/browser'
import { hueOf } from '../colour.ts'
import { element, panel, setText } from '../element.ts'
import type { People } from '../people.ts'
import { sentenceForError } from '../plain-words.ts'
import type { Panel } from './panel.ts'

const linesMax = 200
const everyone = ''

interface Line {
  readonly from: string
  readonly text: string
  /** Whose eyes it was for: "to Ada", "only to you". */
  readonly note?: string
  readonly own?: boolean
}

/** Words to everybody, or to one member alone. Nothing here answers by itself, so two pages never talk for ever. */
export class ChatPanel implements Panel {
  readonly node: HTMLElement
  readonly #mesh: Mesh
  readonly #people: People
  readonly #lines = element('ol', { class: 'chat', role: 'log', 'aria-live': 'polite', 'aria-label': 'Messages', tabindex: 0, 'data-testid': 'chat-lines' })
  readonly #target = element('select', { 'aria-label': 'To whom', 'data-testid': 'chat-target' })
  readonly #text = element('input', { type: 'text', maxlength: 2000, placeholder: 'Write something', autocomplete: 'off', 'aria-label': 'Message', 'data-testid': 'chat-text' })

  constructor(mesh: Mesh, people: People) {
    this.#mesh = mesh
    this.#people = people
    const form = element('form', { class: 'say' }, this.#target, this.#text, element('button', { type: 'submit', 'data-testid': 'chat-send' }, 'Send'))
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#say()
    })
    this.node = panel({ title: 'Chat', testId: 'chat-panel' }, this.#lines, form)
    mesh.on('message', (message) => this.#hear(message))
    this.update()
  }

  update(): void {
    const members = this.#people.reachable().filter((peer) => peer.kind === 'member')
    const wanted = [everyone, ...members.map((peer) => String(peer.address))]
    const names = ['Everyone', ...members.map((peer) => `only ${this.#people.nameOf(peer.address)}`)]
    const shown = [...this.#target.options]
    if (shown.length === wanted.length && shown.every((option, index) => option.value === wanted[index] && option.text === names[index])) return
    const chosen = this.#target.value
    this.#target.replaceChildren(...wanted.map((value, index) => element('option', { value }, names[index] ?? '')))
    this.#target.value = wanted.includes(chosen) ? chosen : everyone
  }

  #hear(message: Message): void {
    const text = message.parts.filter((part) => typeof part === 'string').join(' ')
    if (text !== '') this.#add({ from: message.from, text, ...(message.broadcast ? {} : { note: 'only to you' }) })
  }

  async #say(): Promise<void> {
    const text = this.#text.value.trim()
    if (text === '') return
    const target = this.#target.value
    this.#text.value = ''
    const line = { from: this.#mesh.address, text, own: true }
    if (target === everyone) {
      const mark = this.#add(line)
      await this.#settle(mark, this.#mesh.broadcast(text).then(() => 'sent to all'))
      return
    }
    const mark = this.#add({ ...line, note: `only to ${this.#people.nameOf(target)}` })
    await this.#settle(mark, this.#mesh.send(target, text).then(({ state }) => `${state} ✓`))
  }

  async #settle(mark: HTMLElement, outcome: Promise<string>): Promise<void> {
    setText(mark, 'sending …')
    try {
      setText(mark, await outcome)
    } catch (error) {
      setText(mark, `not delivered: ${sentenceForError(error)}`)
    }
  }

  /** Shows one line and returns the place for its delivery mark. */
  #add({ from, text, note, own }: Line): HTMLElement {
    const mark = element('span', { class: 'mark', 'data-testid': 'chat-mark' })
    const about = element('span', { class: 'about' }, element('strong', { 'data-testid': 'chat-from' }, own === true ? 'You' : this.#people.nameOf(from)))
    if (note !== undefined) about.append(element('span', { class: 'note' }, note))
    about.append(mark)
    const atEnd = this.#lines.scrollHeight - this.#lines.scrollTop - this.#lines.clientHeight < 60
    this.#lines.append(
      element(
        'li',
        { class: own === true ? 'own' : 'theirs', 'data-testid': 'chat-line', style: `--hue: ${hueOf(from)}` },
        about,
        element('p', { dir: 'auto', 'data-testid': 'chat-body' }, text),
      ),
    )
    while (this.#lines.children.length > linesMax) this.#lines.firstElementChild?.remove()
    if (atEnd || own === true) this.#lines.scrollTop = this.#lines.scrollHeight
    return mark
  }
}
