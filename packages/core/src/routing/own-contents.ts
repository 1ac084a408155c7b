// What this node says of itself and of the plain hosts behind it, and when. Everybody here sees it at once. For everybody
// else it is a record that must be signed, pulled and checked by all, so a change of nothing but loads has to be worth it.

import type { PlainHost, ServiceAdvert } from '../identity/member-record.ts'
import type { Clock } from '../ports/clock.ts'
import type { LocalService } from './packets/dispatcher.ts'
import type { RecordContents } from './own-record.ts'

/** Of 127 steps. A load that moved this far since it was told is told soon, at most once in `largeLoadEveryMs`. */
export const largeLoadSteps = 32
export const largeLoadEveryMs = 2_000
/** Smaller moves are told together, at the latest after this time: what is told is never older. */
export const smallLoadAfterMs = 10_000

export interface OwnContentsPort {
  plainHosts(): PlainHost[]
  /** What this node's own tables shall show. */
  review(contents: RecordContents): void
  /** Time to tell it, to plain neighbours and with the next record. */
  tell(): void
}

export class OwnContents {
  readonly #clock: Clock
  readonly #services: ReadonlyMap<string, LocalService>
  readonly #port: OwnContentsPort
  #told: RecordContents | undefined
  #loadsToldAt = Number.NEGATIVE_INFINITY
  #due: { readonly at: number; readonly cancel: () => void } | undefined
  #reviewing = false
  #stopped = false

  constructor(clock: Clock, services: ReadonlyMap<string, LocalService>, port: OwnContentsPort) {
    this.#clock = clock
    this.#services = services
    this.#port = port
  }

  /** The tables change because of this node itself, which decides when plain neighbours hear of it. */
  get reviewing(): boolean {
    return this.#reviewing
  }

  services(): ServiceAdvert[] {
    const adverts: ServiceAdvert[] = []
    for (const [service, { load, plain }] of this.#services) {
      if (!service.startsWith('$')) adverts.push(plain ? { service, load } : { service, load, plain })
    }
    return adverts
  }

  now(): RecordContents {
    return { services: this.services(), plainHosts: this.#port.plainHosts() }
  }

  setLoad(name: string, load: number): void {
    const service = this.#services.get(name)
    if (!service || service.load === wireLoad(load)) return
    service.load = wireLoad(load)
    this.changed()
  }

  /** Something of it is different. */
  changed(): void {
    if (this.#stopped) return
    const contents = this.now()
    this.#reviewing = true
    this.#port.review(contents)
    this.#reviewing = false
    this.#weigh(contents)
  }

  /** A record that says this is signed. */
  told(contents: RecordContents): void {
    this.#told = contents
    // It may be different again: signing takes a while.
    this.#weigh(this.now(), true)
  }

  stop(): void {
    this.#stopped = true
    this.#due?.cancel()
  }

  #weigh(contents: RecordContents, justTold = false): void {
    if (this.#stopped) return
    const moved = this.#told && loadMoved(this.#told, contents)
    if (justTold || !moved) this.#cancel()
    if (moved === 0) return
    if (moved === undefined) return this.#port.tell()
    const now = this.#clock.now()
    this.#tellAt(moved >= largeLoadSteps ? Math.max(now, this.#loadsToldAt + largeLoadEveryMs) : now + smallLoadAfterMs)
  }

  /** The earlier time counts. */
  #tellAt(at: number): void {
    if (this.#due && this.#due.at <= at) return
    this.#cancel()
    const tell = (): void => {
      this.#due = undefined
      this.#loadsToldAt = this.#clock.now()
      this.#port.tell()
    }
    const delayMs = at - this.#clock.now()
    if (delayMs <= 0) tell()
    else this.#due = { at, cancel: this.#clock.setTimer(delayMs, tell) }
  }

  #cancel(): void {
    this.#due?.cancel()
    this.#due = undefined
  }
}

/** 1 … 127, whatever was given. */
export function wireLoad(load: number): number {
  return Math.min(127, Math.max(1, Math.round(load)))
}

/** By how many steps the load moved that moved most; undefined: more than loads is different. */
function loadMoved(before: RecordContents, after: RecordContents): number | undefined {
  const [a, b] = [loads(before), loads(after)]
  if (a.size !== b.size) return undefined
  let most = 0
  for (const [what, load] of b) {
    const known = a.get(what)
    if (known === undefined) return undefined
    most = Math.max(most, Math.abs(load - known))
  }
  return most
}

/** One entry for each service, and one (always 0) for each host. */
function loads({ services, plainHosts }: RecordContents): Map<string, number> {
  const all = new Map<string, number>()
  for (const { service, load, plain } of services) all.set(`${plain === false ? '-' : '+'}${service}`, load)
  for (const host of plainHosts) {
    all.set(`@${host.hops} ${host.address}`, 0)
    for (const { service, load } of host.services) all.set(`@${host.address}\n${service}`, load)
  }
  return all
}
