import type { Delivery, Mesh, Message, SaidWithReceipts, Sent, StoredMessage } from '@hopmesh/browser'
import { hueOf } from '../colour.ts'
import { element, panel, setText } from '../element.ts'
import type { People } from '../people.ts'
import { sentenceForError } from '../plain-words.ts'
import { MemberSelect } from './member-select.ts'
import type { Panel } from './panel.ts'

const everyone = ''
const linesMax = 200
/** Words to everybody whose marks are still looked at. */
const followedMax = 20
const marks: Readonly<Record<Sent['state'] | Delivery['state'], string>> = {
  delivered: 'delivered ✓',
  stored: 'stored until they are back',
  expired: 'not delivered: they did not come back',
  failed: 'not delivered: it was refused there',
}

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
  /** Words to everybody, the latest last. */
  readonly #said: { readonly said: SaidWithReceipts; readonly mark: HTMLElement }[] = []
  /** Of messages that are stored, by id. */
  readonly #waiting = new Map<string, (mark: string) => void>()
  readonly #lines = element('ol', {
    class: 'chat',
    role: 'log',
    'aria-live': 'polite',
    'aria-label': 'Messages',
    tabindex: 0,
    'data-testid': 'chat-lines',
  })
  readonly #targets: MemberSelect
  readonly #text = element('input', {
    type: 'text',
    maxlength: 2000,
    placeholder: 'Write something',
    autocomplete: 'off',
    'aria-label': 'Message',
    'data-testid': 'chat-text',
  })

  constructor(mesh: Mesh, people: People) {
    this.#mesh = mesh
    this.#people = people
    this.#targets = new MemberSelect(people, {
      label: 'To whom',
      testId: 'chat-target',
      everyone: [everyone, 'Everyone'],
      text: (name) => `only ${name}`,
    })
    const form = element(
      'form',
      { class: 'say' },
      this.#targets.node,
      this.#text,
      element('button', { type: 'submit', 'data-testid': 'chat-send' }, 'Send'),
    )
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#say()
    })
    this.node = panel({ title: 'Chat', testId: 'chat-panel' }, this.#lines, form)
    mesh.on('message', (message) => this.#hear(message))
    mesh.on('delivery', ({ id, state }) => this.#waiting.get(id)?.(marks[state]))
    this.update()
  }

  /** What this page had to keep for others before it was loaded anew. To be called once the mesh is ready. */
  resume(): void {
    for (const stored of this.#mesh.outbox.list()) this.#showStored(stored)
  }

  update(): void {
    this.#targets.update()
    for (const { said, mark } of this.#said) setText(mark, receiptsMark(said))
  }

  #hear(message: Message): void {
    const text = textOf(message)
    if (text !== '') this.#add({ from: message.from, text, ...(message.broadcast ? {} : { note: 'only to you' }) })
  }

  async #say(): Promise<void> {
    const text = this.#text.value.trim()
    if (text === '') return
    const target = this.#targets.value
    this.#text.value = ''
    const line = { from: this.#mesh.address, text, own: true }
    if (target === everyone) {
      const mark = this.#add(line)
      await this.#settle(
        mark,
        this.#mesh
          .with({ receipts: true })
          .broadcast(text)
          .then((said) => this.#follow(said, mark)),
      )
      return
    }
    const mark = this.#add({ ...line, note: `only to ${this.#people.nameOf(target)}` })
    await this.#settle(
      mark,
      this.#mesh.send(target, text).then((sent) => this.#sent(sent, mark)),
    )
  }

  /** Who has it changes as long as others keep it for those who are away. */
  #follow(said: SaidWithReceipts, mark: HTMLElement): string {
    this.#said.push({ said, mark })
    if (this.#said.length > followedMax) this.#said.shift()
    said.done.then(
      () => this.update(),
      () => {},
    )
    return receiptsMark(said)
  }

  #sent({ id, state }: Sent, mark: HTMLElement): string {
    if (state === 'stored') this.#await(id, mark)
    return marks[state]
  }

  #showStored({ id, to, parts }: StoredMessage): void {
    const text = textOf({ parts })
    if (text === '' || this.#waiting.has(id)) return
    const mark = this.#add({ from: this.#mesh.address, text, note: `only to ${this.#people.nameOf(to)}`, own: true })
    setText(mark, marks.stored)
    this.#await(id, mark)
  }

  /** The mark changes when it is known what became of it. */
  #await(id: string, mark: HTMLElement): void {
    this.#waiting.set(id, (text) => {
      this.#waiting.delete(id)
      setText(mark, text)
    })
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
    const about = element(
      'span',
      { class: 'about' },
      element('strong', { 'data-testid': 'chat-from' }, own === true ? 'You' : this.#people.nameOf(from)),
    )
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

function textOf({ parts }: Pick<Message, 'parts'>): string {
  return parts.filter((part) => typeof part === 'string').join(' ')
}

function receiptsMark({ delivered, pending, left }: SaidWithReceipts): string {
  if (delivered.size + pending.size + left.size === 0) return 'nobody else is here'
  if (pending.size > 0) return `sending … ${delivered.size} of ${delivered.size + pending.size} have it`
  return `delivered to ${delivered.size} ✓${left.size > 0 ? `, ${left.size} away` : ''}`
}
