import type { Mesh, Outcomes } from '@hopmesh/browser'
import type { DemoFunctions } from '../demo-functions.ts'
import { element, panel, setText } from '../element.ts'
import type { People } from '../people.ts'
import { milliseconds, sentenceForError } from '../plain-words.ts'
import { MemberSelect } from './member-select.ts'
import type { Panel } from './panel.ts'

const everyone = '*'
const examples: Readonly<Record<keyof DemoFunctions, string>> = { add: '2, 3', greet: '"Ada"', letters: '"hello"' }
const charactersMax = 300

/** A small form: a function of another page is called as if it were here. */
export class FunctionsPanel implements Panel {
  readonly node: HTMLElement
  readonly #mesh: Mesh
  readonly #people: People
  readonly #targets: MemberSelect
  readonly #name = element(
    'select',
    { 'aria-label': 'Function', 'data-testid': 'function-name' },
    ...Object.keys(examples).map((name) => element('option', { value: name }, name)),
  )
  readonly #values = element('input', {
    type: 'text',
    maxlength: 2000,
    value: examples.add,
    autocomplete: 'off',
    'aria-label': 'Arguments',
    'data-testid': 'function-arguments',
  })
  readonly #call = element('button', { type: 'submit', 'data-testid': 'function-call' }, 'Call')
  readonly #results = element('ul', { class: 'results', 'aria-live': 'polite', 'data-testid': 'function-results' })

  constructor(mesh: Mesh, people: People) {
    this.#mesh = mesh
    this.#people = people
    this.#targets = new MemberSelect(people, {
      label: 'Whose function',
      testId: 'function-target',
      everyone: [everyone, 'Everyone'],
      text: (name) => name,
    })
    const form = element('form', { class: 'say' }, this.#targets.node, this.#name, this.#values, this.#call)
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      void this.#ask()
    })
    this.#name.addEventListener('change', () => (this.#values.value = examples[this.#name.value as keyof DemoFunctions]))
    const hint = element('p', { class: 'hint' }, 'Call a function of another page. Arguments stand as in JSON, with commas between them.')
    this.node = panel({ title: 'Functions', testId: 'functions-panel' }, hint, form, this.#results)
    this.update()
  }

  update(): void {
    this.#targets.update()
  }

  async #ask(): Promise<void> {
    const target = this.#targets.value
    const name = this.#name.value as keyof DemoFunctions
    const started = performance.now()
    this.#call.disabled = true
    this.#results.replaceChildren(element('li', {}, 'waiting …'))
    try {
      const args = argumentsOf(this.#values.value)
      if (target === everyone) this.#showEach(await this.#askEveryone(name, args))
      else this.#show([[target, shown(await this.#mesh.to(target)[name]?.(...args)), milliseconds(performance.now() - started)]])
    } catch (error) {
      this.#show([[target, sentenceForError(error), '']])
    } finally {
      this.#call.disabled = false
    }
  }

  async #askEveryone(name: string, args: readonly unknown[]): Promise<Outcomes<unknown>> {
    return (await this.#mesh.to('*')[name]?.(...args)) ?? new Map<string, PromiseSettledResult<unknown>>()
  }

  #showEach(outcomes: Outcomes<unknown>): void {
    if (outcomes.size === 0) return this.#show([[everyone, 'Nobody else is here.', '']])
    this.#show(
      [...outcomes].map(([address, outcome]) => [
        address,
        outcome.status === 'fulfilled' ? shown(outcome.value) : sentenceForError(outcome.reason),
        '',
      ]),
    )
  }

  #show(rows: readonly (readonly [target: string, text: string, note: string])[]): void {
    this.#results.replaceChildren(
      ...rows.map(([target, text, note]) => {
        const who = target === everyone ? 'Everyone' : this.#people.nameOf(target)
        const result = element('span', { 'data-testid': 'function-result', dir: 'auto' })
        setText(result, text)
        return element(
          'li',
          { 'data-testid': 'function-row' },
          element('strong', {}, who),
          ' ',
          result,
          note === '' ? '' : element('span', { class: 'facts' }, ` ${note}`),
        )
      }),
    )
  }
}

/** `2, 3` and `"Ada"` are what they are in JSON; anything else is one text. */
function argumentsOf(text: string): readonly unknown[] {
  try {
    return JSON.parse(`[${text}]`) as unknown[]
  } catch {
    return [text]
  }
}

function shown(value: unknown): string {
  const plain = value instanceof Map ? Object.fromEntries(value) : value
  return (typeof plain === 'string' ? plain : (JSON.stringify(plain) ?? 'nothing')).slice(0, charactersMax)
}
