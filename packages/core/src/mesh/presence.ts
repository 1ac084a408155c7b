import type { Clock } from '../ports/clock.ts'
import type { Router } from '../routing/router.ts'

/** Alone for this long is worth a warning: other people's pages take a moment to load. */
export const aloneMs = 10_000

export interface PresenceOptions {
  readonly clock: Clock
  online(first: boolean): void
  offline(): void
  /** No other member could be reached for `aloneMs`. */
  alone(): void
}

/** Is anybody there? Follows who is a neighbour (online, offline) and which members can be reached (alone). */
export class Presence {
  readonly #options: PresenceOptions
  readonly #direct = new Set<string>()
  readonly #members = new Set<string>()
  #router: Router | undefined
  #wasOnline = false
  #cancelAlone: (() => void) | undefined

  constructor(options: PresenceOptions) {
    this.#options = options
  }

  get online(): boolean {
    return this.#direct.size > 0
  }

  attach(router: Router): void {
    this.#router = router
    this.#watchAlone()
  }

  /** Called whenever routing says that something about this address changed. */
  refresh(address: string): void {
    const destination = this.#router?.destination(address)
    if (!this.#router || address === this.#router.address) return
    keep(this.#members, address, destination?.kind === 'member')
    this.#watchAlone()
    const before = this.online
    keep(this.#direct, address, destination?.direct === true)
    if (this.online === before) return
    if (!this.online) return this.#options.offline()
    const first = !this.#wasOnline
    this.#wasOnline = true
    this.#options.online(first)
  }

  close(): void {
    this.#router = undefined
    this.#cancelAlone?.()
    this.#direct.clear()
  }

  #watchAlone(): void {
    if (this.#members.size) {
      this.#cancelAlone?.()
      this.#cancelAlone = undefined
    } else {
      this.#cancelAlone ??= this.#options.clock.setTimer(aloneMs, () => this.#options.alone())
    }
  }
}

function keep(set: Set<string>, address: string, member: boolean): void {
  if (member) set.add(address)
  else set.delete(address)
}
