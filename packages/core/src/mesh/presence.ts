import type { Clock } from '../ports/clock.ts'
import type { Router } from '../routing/router.ts'

/** Alone for this long is worth a warning: other people's pages take a moment to load. */
export const aloneMs = 10_000

/** Proofs come within a round trip; for those of a liar nobody waits longer. */
const settleMsMax = 1_000
const settleStepMs = 10

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
  #online = false
  #wasOnline = false
  #cancelOnline: (() => void) | undefined
  #cancelAlone: (() => void) | undefined

  constructor(options: PresenceOptions) {
    this.#options = options
  }

  get online(): boolean {
    return this.#online
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
    keep(this.#direct, address, destination?.direct === true)
    if (this.#direct.size === 0) this.#goOffline()
    else if (!this.#online) this.#cancelOnline ??= this.#options.clock.setTimer(0, () => this.#goOnline(this.#options.clock.now()))
  }

  close(): void {
    this.#router = undefined
    this.#cancelAlone?.()
    this.#cancelOnline?.()
    this.#direct.clear()
    this.#online = false
  }

  /** Not before what the neighbour told is in the tables: whoever hears that it is online finds who else is there (PY-17). */
  #goOnline(since: number): void {
    const { clock } = this.#options
    if (this.#router?.settled === false && clock.now() - since < settleMsMax) {
      this.#cancelOnline = clock.setTimer(settleStepMs, () => this.#goOnline(since))
      return
    }
    this.#cancelOnline = undefined
    this.#online = true
    const first = !this.#wasOnline
    this.#wasOnline = true
    this.#options.online(first)
  }

  #goOffline(): void {
    this.#cancelOnline?.()
    this.#cancelOnline = undefined
    if (!this.#online) return
    this.#online = false
    this.#options.offline()
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
