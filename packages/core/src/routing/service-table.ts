import type { ServiceAdvert } from '../identity/member-record.ts'

export interface ServiceChange {
  readonly service: string
  readonly address: string
  readonly load: number
  readonly state: 'up' | 'change' | 'down'
}

/** One service of one host. Times are milliseconds of this node's clock. */
export interface Offer {
  readonly load: number
  /** Offered, as far as is known here, without a break since. */
  readonly knownSince: number
  readonly loadSince: number
}

const nobody: ReadonlyMap<string, Offer> = new Map<string, Offer>()

/** Who offers what, by host. One call sets all that a host offers, so that a host that goes takes its services with it. */
export class ServiceTable {
  readonly #hosts = new Map<string, Map<string, Offer>>()
  readonly #services = new Map<string, Map<string, Offer>>()
  readonly #changed: (change: ServiceChange) => void

  constructor(changed: (change: ServiceChange) => void) {
    this.#changed = changed
  }

  /** All that `address` offers `now`; none: it offers nothing any more. */
  set(address: string, offered: readonly ServiceAdvert[], now: number): void {
    const before = this.#hosts.get(address)
    if (before === undefined && offered.length === 0) return
    const after = new Map<string, Offer>()
    for (const { service, load } of offered) {
      const known = before?.get(service)
      after.set(service, known?.load === load ? known : { load, knownSince: known?.knownSince ?? now, loadSince: now })
    }
    if (after.size > 0) this.#hosts.set(address, after)
    else this.#hosts.delete(address)
    for (const [service, { load }] of before ?? []) {
      if (after.has(service)) continue
      const hosts = this.#services.get(service)
      hosts?.delete(address)
      if (hosts?.size === 0) this.#services.delete(service)
      this.#changed({ service, address, load, state: 'down' })
    }
    for (const [service, offer] of after) {
      const known = before?.get(service)
      if (known === offer) continue
      const hosts = this.#services.get(service) ?? new Map<string, Offer>()
      this.#services.set(service, hosts.set(address, offer))
      this.#changed({ service, address, load: offer.load, state: known === undefined ? 'up' : 'change' })
    }
  }

  /** The hosts that offer a service, and how. */
  providers(service: string): ReadonlyMap<string, Offer> {
    return this.#services.get(service) ?? nobody
  }

  of(address: string): ReadonlyMap<string, Offer> {
    return this.#hosts.get(address) ?? nobody
  }

  names(): IterableIterator<string> {
    return this.#services.keys()
  }
}
