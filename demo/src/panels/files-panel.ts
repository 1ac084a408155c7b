import type { Mesh } from '@hopmesh/browser'
import { hueOf } from '../colour.ts'
import { element, panel, setText } from '../element.ts'
import { KeyedList } from '../keyed-list.ts'
import type { Row } from '../keyed-list.ts'
import type { People } from '../people.ts'
import { byteWords } from '../plain-words.ts'
import type { Transfer, Transfers } from '../transfers.ts'
import { updateSoon } from '../update-soon.ts'
import { MemberSelect } from './member-select.ts'
import type { Panel } from './panel.ts'

class TransferRow implements Row<Transfer> {
  readonly node: HTMLElement
  readonly #people: People
  readonly #name = element('strong', { 'data-testid': 'transfer-name', dir: 'auto' })
  readonly #state = element('span', { class: 'tag', 'data-testid': 'transfer-state' })
  readonly #bar = element('progress', { max: 1, value: 0, 'data-testid': 'transfer-bar' })
  readonly #facts = element('span', { class: 'facts', 'data-testid': 'transfer-facts' })
  readonly #note = element('span', { class: 'note', role: 'status', 'data-testid': 'transfer-note' })
  readonly #cancel = element('button', { type: 'button', 'data-testid': 'transfer-cancel' }, 'Cancel')
  readonly #save = element('a', { class: 'button', 'data-testid': 'transfer-save' }, 'Save')

  constructor(transfer: Transfer, people: People) {
    this.#people = people
    this.node = element(
      'li',
      { class: 'row transfer', 'data-testid': 'transfer', 'data-direction': transfer.direction, style: `--hue: ${hueOf(transfer.peer)}` },
      element('span', { class: 'dot', 'aria-hidden': 'true' }),
      element('div', { class: 'grow' }, element('div', { class: 'title' }, this.#name, this.#state), this.#bar, this.#facts, this.#note),
      element('div', { class: 'choices' }, this.#save, this.#cancel),
    )
    this.#cancel.addEventListener('click', () => transfer.cancel())
  }

  update(transfer: Transfer): void {
    const { direction, name, size, bytes, rate, state, note, blob } = transfer
    const isUnderWay = state === 'under way'
    const shown = name === '' ? 'a file without a name' : name
    setText(this.#name, shown)
    setText(this.#state, isUnderWay ? `${size === 0 ? 0 : Math.floor((bytes / size) * 100)} %` : state === 'done' ? 'done ✓' : state)
    this.node.dataset['state'] = state
    this.#bar.hidden = !isUnderWay
    this.#bar.value = size === 0 ? 1 : bytes / size
    this.#bar.setAttribute('aria-label', `${shown}, how much of it has arrived`)
    const facts = [`${direction === 'out' ? 'to' : 'from'} ${this.#people.nameOf(transfer.peer)}`, byteWords(size)]
    if (isUnderWay && rate > 0) facts.push(`${byteWords(rate)}/s`)
    setText(this.#facts, facts.join(' · '))
    setText(this.#note, note)
    this.#cancel.hidden = !isUnderWay
    this.#cancel.setAttribute('aria-label', `Cancel ${shown}`)
    this.#save.hidden = blob === undefined
    if (blob === undefined || this.#save.href !== '') return
    this.#save.href = URL.createObjectURL(blob)
    this.#save.download = shown
    this.#save.setAttribute('aria-label', `Save ${shown}`)
  }
}

/** Files on their way: dropped on somebody in the list or the picture, or chosen here. */
export class FilesPanel implements Panel {
  readonly node: HTMLElement
  readonly #mesh: Mesh
  readonly #transfers: Transfers
  readonly #rows: KeyedList<Transfer>
  readonly #empty = element('p', { class: 'empty' }, 'Drop a file on somebody in the list or in the picture.')
  readonly #targets: MemberSelect
  readonly #choice = element('input', { type: 'file', multiple: true, 'aria-label': 'Files to send', 'data-testid': 'file-choice' })
  #marked: Element | undefined

  constructor(mesh: Mesh, people: People, transfers: Transfers) {
    this.#mesh = mesh
    this.#transfers = transfers
    this.#targets = new MemberSelect(people, {
      label: 'To whom the file goes',
      testId: 'file-target',
      text: (name) => `to ${name}`,
    })
    const list = element('ul', { class: 'rows', 'data-testid': 'transfers' })
    this.#rows = new KeyedList({ list, key: ({ id }) => String(id), create: (transfer) => new TransferRow(transfer, people) })
    this.node = panel(
      { title: 'Files', testId: 'files-panel' },
      list,
      this.#empty,
      element('div', { class: 'say files' }, this.#targets.node, this.#choice),
    )
    this.#choice.addEventListener('change', () => {
      this.#send(this.#targets.value, this.#choice.files)
      this.#choice.value = ''
    })
    transfers.onChange = updateSoon(() => this.#show())
    this.#takeDrops()
    this.#show()
    this.update()
  }

  update(): void {
    this.#targets.update()
    this.#targets.node.disabled = this.#choice.disabled = this.#targets.isEmpty
  }

  #show(): void {
    this.#rows.show(this.#transfers.list)
    this.#empty.hidden = this.#transfers.list.length > 0
  }

  #send(address: string, files: FileList | null | undefined): void {
    for (const file of files ?? []) void this.#transfers.send(address, file)
  }

  /** Anywhere on the page, so that a file that misses does not take the place of the page. */
  #takeDrops(): void {
    addEventListener('dragover', (event) => {
      if (event.dataTransfer?.types.includes('Files') !== true) return
      event.preventDefault()
      const under = this.#memberUnder(event)
      event.dataTransfer.dropEffect = under ? 'copy' : 'none'
      this.#mark(under)
    })
    addEventListener('dragleave', (event) => {
      if (event.relatedTarget === null) this.#mark(undefined)
    })
    addEventListener('drop', (event) => {
      if (event.dataTransfer?.types.includes('Files') !== true) return
      event.preventDefault()
      const under = this.#memberUnder(event)
      this.#mark(undefined)
      this.#send(under?.getAttribute('data-address') ?? '', under && event.dataTransfer.files)
    })
  }

  #memberUnder({ target }: DragEvent): Element | undefined {
    const near = target instanceof Element ? target.closest('[data-address]') : null
    const peer = this.#mesh.peer(near?.getAttribute('data-address') ?? '')
    return near && peer?.kind === 'member' ? near : undefined
  }

  #mark(node: Element | undefined): void {
    if (node === this.#marked) return
    this.#marked?.removeAttribute('data-dropping')
    node?.setAttribute('data-dropping', '')
    this.#marked = node
  }
}
