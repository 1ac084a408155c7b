import { element } from '../element.ts'
import type { People } from '../people.ts'

const awayMax = 50
export const everyone = ''

/** Whom to write to: everybody, a member that is here, or one that was and will be again. */
export class ChatTargets {
  readonly node = element('select', { 'aria-label': 'To whom', 'data-testid': 'chat-target' })
  readonly #people: People
  /** Names by `who`, of members that were seen, the latest last. */
  readonly #seen = new Map<string, string>()

  constructor(people: People) {
    this.#people = people
  }

  /** An address of somebody who is here, a `who` of somebody who is away, or `everyone`. */
  get value(): string {
    return this.node.value
  }

  /** What to call the target. */
  nameOf(target: string): string {
    return this.#seen.get(whoOf(target)) ?? this.#people.nameOf(target)
  }

  update(): void {
    const here = this.#people.reachable().filter((peer) => peer.kind === 'member')
    for (const { address } of here) this.#note(whoOf(address), this.#people.nameOf(address))
    const present = new Set(here.map(({ address }) => whoOf(address)))
    const away = [...this.#seen].filter(([who]) => !present.has(who))
    this.#show([
      [everyone, 'Everyone'],
      ...here.map(({ address }): [string, string] => [address, `only ${this.#people.nameOf(address)}`]),
      ...away.map(([who, name]): [string, string] => [who, `only ${name} (away)`]),
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
    // Who went, or came back, stays chosen.
    const same =
      wanted.find(([value]) => value === chosen) ?? wanted.find(([value]) => value !== everyone && whoOf(value) === whoOf(chosen))
    this.node.value = same?.[0] ?? everyone
  }
}

/** The part of an address that stays with the member. */
export function whoOf(address: string): string {
  return address.split('.')[0] ?? address
}
