import type { ServiceAdvert } from '../identity/member-record.ts'

export interface ServiceChange {
  readonly service: string
  readonly address: string
  readonly load: number
  readonly state: 'up' | 'change' | 'down'
}

/** Who offers what, by host. One call sets all that a host offers, so that a host that goes takes its services with it. */
export class ServiceTable {
  readonly #hosts = new Map<string, Map<string, number>>()
  readonly #services = new Map<string, Map<string, number>>()
  readonly #changed: (change: ServiceChange) => void

  constructor(changed: (change: ServiceChange) => void) {
    this.#changed = changed
  }

  /** All that `address` offers now; none: it offers nothing any more. */
  set(address: string, offered: readonly ServiceAdvert[]): void {
    const before = this.#hosts.get(address)
    if (before === undefined && offered.length === 0) return
    const after = new Map(offered.map(({ service, load }) => [service, load]))
    if (after.size > 0) this.#hosts.set(address, after)
    else this.#hosts.delete(address)
    for (const [service, load] of before ?? []) {
      if (after.has(service)) continue
      const hosts = this.#services.get(service)
      hosts?.delete(address)
      if (hosts?.size === 0) this.#services.delete(service)
      this.#changed({ service, address, load, state: 'down' })
    }
    for (const [service, load] of after) {
      const known = before?.get(service)
      if (known === load) continue
      const hosts = this.#services.get(service) ?? new Map<string, number>()
      this.#services.set(service, hosts.set(address, load))
      this.#changed({ service, address, load, state: known === undefined ? 'up' : 'change' })
    }
  }

  /** The hosts that offer a service, with their loads. */
  providers(service: string): ReadonlyMap<string, number> {
    return this.#services.get(service) ?? new Map<string, number>()
  }

  of(address: string): ReadonlyMap<string, number> {
    return this.#hosts.get(address) ?? new Map<string, number>()
  }

  names(): IterableIterator<string> {
    return this.#services.keys()
  }
}
