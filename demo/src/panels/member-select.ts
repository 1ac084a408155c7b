import { element } from '../element.ts'
import { whoOf, type People } from '../people.ts'

const awayMax = 50

interface MemberSelectOptions {
  readonly label: string
  readonly testId: string
  /** The choice of all, where there is one: its value, and how it reads. */
  readonly everyone?: readonly [value: string, text: string]
  /** How the choice of a member reads. */
  text(name: string): string
}

/** A choice of everybody, a member that is here, or one that was and will be again. Who is chosen stays chosen, wherever they go: what was meant for one never goes to another. */
export class MemberSelect {
  readonly node: HTMLSelectElement
  readonly #people: People
  readonly #options: MemberSelectOptions
  /** Names by `who`, of members that were seen, the latest last. */
  readonly #seen = new Map<string, string>()

  constructor(people: People, options: MemberSelectOptions) {
    this.#people = people
    this.#options = options
    this.node = element('select', { 'aria-label': options.label, 'data-testid': options.testId })
  }

  /** An address of somebody who is here, a `who` of somebody who is away, or everybody. */
  get value(): string {
    return this.node.value
  }

  /** Nobody was ever here. */
  get isEmpty(): boolean {
    return this.node.options.length === 0
  }

  update(): void {
    const { everyone, text } = this.#options
    const here = this.#people.reachable().filter((peer) => peer.kind === 'member')
    for (const { address } of here) this.#note(whoOf(address), this.#people.nameOf(address))
    const present = new Set(here.map(({ address }) => whoOf(address)))
    const away = [...this.#seen].filter(([who]) => !present.has(who))
    this.#show([
      ...(everyone ? [everyone] : []),
      ...here.map(({ address }): [string, string] => [address, text(this.#people.nameOf(address))]),
      ...away.map(([who, name]): [string, string] => [who, `${text(name)} (away)`]),
    ])
  }

  #note(who: string, name: string): void {
    this.#seen.delete(who)
    this.#seen.set(who, name)
    const [oldest] = this.#seen.keys()
    if (this.#seen.size > awayMax && oldest !== undefined) this.#seen.delete(oldest)
  }

  #show(wanted: readonly (readonly [value: string, text: string])[]): void {
    const shown = [...this.node.options]
    if (
      shown.length === wanted.length &&
      shown.every((option, index) => option.value === wanted[index]?.[0] && option.text === wanted[index]?.[1])
    )
      return
    const chosen = this.node.value
    this.node.replaceChildren(...wanted.map(([value, text]) => element('option', { value }, text)))
    const same = wanted.find(([value]) => value === chosen) ?? wanted.find(([value]) => whoOf(value) === whoOf(chosen)) ?? wanted[0]
    this.node.value = same?.[0] ?? ''
  }
}
